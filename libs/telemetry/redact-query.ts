/** Names of parameters whose values are secrets, as far as a name tells. */
const SECRET =
  /([?&](?:[\w.-]*[-_.])?(?:api-?_?key|key|token|secret|sig|signature|password|passwd|pwd|auth|authorization|session(?:id)?|sid|credential|jwt)=)[^&#\s"']+/gi;

/** A text without the values of parameters of URLs in it that look like secrets. */
export function redactQuery(text: string): string {
  return text.includes('=') ? text.replace(SECRET, '$1***') : text;
}
