/** English words of praise and of blame about products and firms; own list, one weight each. */

export const PRAISE_EN =
  'excellent|great|outstanding|leading|leader|leaders|best|best-in-class|top|reliable|reliability|robust|powerful|strong|stronger|strongest|solid|polished|intuitive|easy|easier|affordable|generous|flexible|comprehensive|impressive|superb|superior|praised|popular|beloved|trusted|secure|fast|faster|fastest|smooth|comfortable|durable|innovative|advanced|efficient|recommended|recommend|recommends|worth|worthwhile|value|bargain|winner|favorite|favourite|strength|strengths|pros|advantage|advantages|excels|excel|shines|stands out|standout|user-friendly|mature|good|better|well-built|quiet|crisp|rich|seamless|accurate|responsive|loved|love|happy|satisfied|delightful|consistent|premium|generously|benefit|benefits|versatile|well-reviewed|high-quality|cushioned|lightweight|class-leading|unmatched|fun|great value|improving|responsive support|simple|free tier';

export const BLAME_EN =
  'bad|poor|poorly|weak|weaker|weakest|worst|worse|expensive|pricey|overpriced|costly|steep|slow|slower|sluggish|clunky|confusing|complex|complicated|buggy|unreliable|unstable|limited|lacking|lacks|lack|outdated|dated|noisy|heavy|bulky|uncomfortable|disappointing|disappointed|frustrating|complaint|complaints|criticized|criticised|criticism|issue|issues|problem|problems|drawback|drawbacks|downside|downsides|cons|weakness|weaknesses|fails|failure|failures|failed|recall|recalled|lawsuit|lawsuits|fine|fined|scandal|breach|breaches|leak|leaks|avoid|skip|mediocre|behind|inferior|declining|trails|struggles|struggle|hard to|difficult|cramped|flimsy|fragile|cheaply|thin|overheats|overheating|hidden fees|add-on costs|steep learning curve|not recommended|poor value|bloated|short-lived|inconsistent|annoying|churn|unresponsive|recalls|reliability problems|reliability issues|quality issues|flaky|too narrow|narrow|pricier';

/** Phrases that hold one of the others and say nothing. */
export const PLAIN_EN =
  'no clear winner|best for|value for|top speed|fine-tune|fine tuning|thin client|top of|problem-solving|issue tracking|fast-growing|great deal';

/** Up to two words before a word of either kind: it means the opposite. */
export const NEGATORS_EN =
  /(?:\bnot|\bno|\bnever|\bwithout|\bhardly|\bbarely|n't|n’t|\bfew|\bisn't|\bfar from|\bless|\bnor|\bcannot|\brarely|\bfree of)\s(?:\w+\s){0,2}$/i;
