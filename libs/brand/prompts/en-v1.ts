/** Names no brand and asks for no JSON: either would change what the model says of its own accord. */
export const PROMPT_EN_V1 = {
  id: 'en-v1',
  system:
    'Answer the question directly, as you would for any user. Where you recommend something, give a numbered list of ' +
    'specific brands with one or two sentences of reasons each. Write out the full address of whatever you cite. ' +
    'Stay under 400 words and do not output JSON.',
};
