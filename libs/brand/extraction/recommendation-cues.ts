/** Words by which an answer recommends something or warns of it. */

/** Who or what a choice is for. */
const CONDITION =
  '预算|追求|想(?!了解|知道|问)|看重|注重|在意|侧重|要是|如果|若|假如|只买|偏好|喜欢|需要|不差钱|手头|性价比|大体重|小体重|新手|入门|老手|进阶|学生|通勤|日常|比赛';
const CHOICE = '上|选择?|买|入手?|冲|看|挑|拿|考虑|就|用';

/** Said of what follows or of the subject. A negation right before turns it round. */
export const RECOMMENDS = either(
  [
    '推荐|首选|首推|主推|优选|力荐|种草|必(?:买|入)|闭眼(?:入|买|冲)|最佳选择|不二之选|最优解|更?适合|更合适|可[选看冲]',
    '先从(?:它|\\s*□\\s*)(?:开始|入手)|□[^□]{0,6}(?<!不)(?:是|算|属于)[^□]{0,12}(?:选择|之选)|□[^□]{0,4}(?:更值|最值|更稳|不会(?:出)?错)|投\\s*□\\s*一票|(?:我|个人|最后|下来)[^□不没]{0,4}[投站]\\s*□|□[^□不没]{0,4}值(?:这个|回票)价|(?:闭着?眼睛?|放心)(?:买|入|选)\\s*□|(?<!(?:不|没)[^□]{0,3})(?:买|选|用)\\s*□\\s*(?:更|最|就)?(?:放心|省心|准没错)|□\\s*就(?:可以|行|好)|^\\s*要[^□不]{1,8}就\\s*□|直接\\s*□|□\\s*(?:就好|就行|就够|足够了?|够了|足矣|也行|优先(?!级)|胜出|[也很最更]合适|[更最](?:保险|稳妥))',
    // 预算足选 □, 想省钱看 □: a condition and a verb of choice; without a condition only 选, where it asks nothing.
    `(?:${CONDITION})[^□不别没勿]{0,12}(?:${CHOICE})\\s*□|(?:看重|追求|注重|在意|侧重)[^□]{1,8}(?:就|则|那就)\\s*□|选\\s?□`,
    `(?:我|个人)[^□不没别]{0,4}(?:会|更|倾向)[^□不没别]{0,4}(?:选|买|入|投)[^□]{0,3}□|我的(?:答案|选择|建议|票)[^□不没]{0,3}(?:是|投给|给)\\s*□|就(?:选择?|买|上|冲|入手?|拿)\\s*□|直接(?:上|买|入|冲|选)\\s*□|(?:日常|通勤|新手|入门|训练|比赛|送礼|学生)[^□]{0,6}(?:穿|用|买|选)\\s*□`,
    '值得(?:购买|入手|选择|考虑|信赖|一试|关注|优先|买|选|看)',
    '建议(?:您|你|大家)?(?:优先)?(?:选择|选购|选|购买|入手|考虑|看|试试)|优先(?:考虑|选择?|看|买)',
    '(?:可以?|不妨)(?:放心|也|再|优先|先)?(?:选择?|入手|考虑|看看?|试试|买|了解|冲)',
    '\\brecommend(?:ed|s)?\\b|\\bgo (?:with|for)\\b|\\bchoose\\b|\\bmy (?:top )?picks?\\b|\\b(?:worth|merits?) (?:buying|considering|it|a (?:try|look))\\b',
    '\\b(?:best|top|great|excellent|good|fine|solid|safer?|better|lighter|smarter|sensible) (?:choices?|picks?|options?|bets?|alternatives?)\\b',
    '□[^□]{0,30}\\b(?:hard to beat|makes? (?:the most|more|good) sense|top of your (?:short)?list|one to (?:buy|get|beat)|(?:first|sensible|smart|safe|obvious|right) (?:choice|buy|purchase)|edges (?:it|out|ahead)|way to go|gets my vote|obvious pick|well worth|comes? out (?:ahead|on top)|what I(?:.d| would) (?:buy|get|choose|pick)|deserves? a (?:spot|place|look))\\b',
    '\\b(?:opt for|lean towards?|happy with|settle on|shortlist|better off with|money is on) □|\\bgive □ a (?:try|shot|look|chance)\\b|\\b(?:stick with|I suggest|put) □|\\band (?:buy|get|pick|choose) □|^\\s*(?:then )?go □|\\boverall\\b[^□]{0,4}□ wins\\b|□ wins(?: (?:overall|hands down|out)\\b|[.!]?\\s*$)|\\bfor most (?:people|runners|users|buyers)\\b[^□]{0,12}□',
    '^\\s*(?:so |then |just |and |otherwise |please )?(?:get|buy|try|pick|take|consider|start with|look at)(?: at)? □|\\b(?:should|could) (?:try|get|buy|pick|consider|look at) □',
    "\\b(?:best|ideal|perfect|great|well suited) for\\b|\\b(?:I would|I['’]d) (?:buy|get|take|pick|start with)\\b|\\bcan(?:no|['’])t go wrong with\\b",
  ],
  'gi',
);

/** A plain warning, or the heading of a list of warnings. */
export const DISCOURAGES = either(
  [
    '不(?:太|是很|怎么|再|会|建议|值得)?(?:推荐|建议|值得)|不(?:宜|必)(?:买|选|入手|考虑)|(?:没必要|没有必要)(?:买|选|为|花|上|考虑)',
    '(?:别|勿|不要|不用)(?:再|轻易|急着|盲目)?(?:买|选择?|碰|入|购买|考虑)|慎(?:选|买|入|用|重选择)|谨慎(?:选择|购买|考虑|入手)?[：:]?$|谨慎(?:选择|购买|考虑|入手)',
    '避雷|避坑|踩雷|劝退|拔草|绕(?:行|开|道)|远离|(?:避免|避开)(?:选择|购买|□)|(?:尽量|最好|务必)(?:避开|别|不要)(?:买|选|碰)?',
    '\\b(?:avoid|(?:steer|stay) clear|stay away|skip|think twice)\\b|\\b(?:give|leave) (?:it|them|□) (?:a miss|alone)\\b|\\bpass on □',
    "(?:\\b(?:not|never|cannot|hardly)|n['’]t) (?:\\w+ ){0,2}(?:recommend|worth|advis|bother|buy|choose|pick)",
  ],
  'i',
);

/** A clause that leaves the choice open, or tells what others do: it advises nothing. */
export const LEAVES_OPEN = either(
  [
    '还是\\s*□|□\\s*的(?:人|用户|消费者|朋友|网友|买家)|是否|要不要|该不该|值不值得?|(?:吗|呢)\\s*[?？]?\\s*$|(?:很多|不少|许多|大多数?|有些?|多数)(?:人|用户|消费者|网友)[^□]{0,6}(?:会|都|是)?(?:选|买|入手)',
    '\\bwhether\\b|\\bdepends on\\b|^\\s*(?:should|is|are|do|does) [^?]*\\?\\s*$|\\b(?:many|most|some) (?:people|runners|users|buyers) (?:buy|choose|pick|get)\\b|\\bwho (?:choose|buy|bought|chose|pick|own|get|use)\\b',
  ],
  'i',
);

/** Directly before a recommendation: it is none. */
export const NEGATES =
  /(?:不一定(?:非)?(?:要|得)?|不|不太|并不|不再|不会|没有?|无法|难以|别|未|很难|不是很|not|never|n't|n’t|cannot|hardly|wouldn't)(?:\s*\w{0,10}\s*)?$/i;

/** A label that gives reasons or names people: it is no advice on what follows. */
const NO_ADVICE = /理由|原因|指数|程度|人群|对象|场景|\b(?:why|reasons?|if|when|for)\b/i;
const MAX_LABEL_UNITS = 30;

/** Labels of remarks, which are cut out before a clause is read: 不推荐人群 is no warning. */
export const REMARK_LABEL = /不?(?:推荐|适合|建议)(?:的)?(?:理由|原因|人群|对象|指数|程度|场景)/g;

/** Whether a short text is a label of advice: what stands behind its colon is what it speaks of (**Avoid:** X, 不推荐：X). */
export function isAdviceLabel(label: string): boolean {
  const words = label.replace(/[*_#>\-•\s]/g, ' ').trim();
  if (words.length === 0 || words.length > MAX_LABEL_UNITS || NO_ADVICE.test(words)) return false;
  return DISCOURAGES.test(words) || words.search(RECOMMENDS) !== -1;
}

/** Words that announce a mere comparison, and none that is an adverb: 性价比比较高 compares nothing. */
const COMPARES = either(
  [
    '对比|概览|概述|比较(?=[\\s：:，,。*#]*$|表|图|如下|一下|分析|结果|了|各|这|以下|下列)|(?:的|横向|综合|参数|性能|价格|优缺点)比较(?![高好强大多低便贵突有受出合适值推热常知靠实])',
    '\\b(?:comparisons?|comparing|overview)\\b|\\bcompare[ds]?\\b(?! (?:to|with)\\b)',
  ],
  'i',
);
/** An announcement that advises, whatever else it does. */
const PROPOSES = /推荐|首选|值得|精选|榜|\b(?:best|top|recommend\w*|picks?|favou?rites?)\b/i;

/** Whether the line above a list announces that it only compares. */
export function onlyCompares(intro: string): boolean {
  return COMPARES.test(intro) && !PROPOSES.test(intro);
}

function either(patterns: readonly string[], flags: string): RegExp {
  return new RegExp(patterns.join('|'), flags);
}
