/** Words by which an answer recommends something or warns of it. */

/** Said of what follows or of the subject. A negation right before turns it round. */
export const RECOMMENDS =
  /推荐|首选|首推|优选|值得(?:购买|入手|选择|考虑|信赖|一试|关注|优先)|建议(?:您|你|大家)?(?:优先)?(?:选择|选购|选|购买|入手|考虑)|优先(?:考虑|选择)|(?:可以?|不妨)(?:放心|也|再|优先)?(?:选择?|入手|考虑|看看?|试试)|适合|选\s?□|可[选看]|闭眼(?:入|买)|最佳选择|不二之选|最优解|更适合|\brecommend(?:ed|s)?\b|\b(?:best|top|great|excellent|solid|safer?|better|lighter|smarter|sensible) (?:choice|pick|option|bet|alternative)\b|\bgo with\b|\bworth (?:buying|considering|it|a try)\b|\bbest for\b|\bchoose\b|\bgo for\b|\bmy pick\b/gi;

/** A plain warning, or the heading of a list of warnings. */
export const DISCOURAGES =
  /不(?:太|是很|怎么|再|会|建议|值得)?(?:推荐|建议|值得)|别买|慎(?:选|买|入|重选择)|谨慎(?:选择|购买|考虑)|避雷|避坑|踩雷|劝退|不要(?:买|选|购买|选择)|避免(?:选择|购买)|\b(?:avoid|steer clear|stay away|skip)\b|(?:\b(?:not|never|cannot|hardly)|n't|n’t) (?:\w+ ){0,2}(?:recommend|worth|advis)/i;

/** Directly before a recommendation: it is none. */
export const NEGATES =
  /(?:不|不太|并不|不再|不会|没有?|无法|难以|别|未|很难|不是很|not|never|n't|n’t|cannot|hardly|wouldn't)(?:\s*\w{0,10}\s*)?$/i;
