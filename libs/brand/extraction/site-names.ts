/** Sites and institutes that answers name without a link, with their registrable domain and category. */
export type SiteCategory =
  | 'encyclopedia'
  | 'community'
  | 'social'
  | 'video'
  | 'news'
  | 'vertical'
  | 'shop'
  | 'research'
  | 'official'
  | 'other';

export interface Site {
  readonly name: string;
  readonly domain: string;
  readonly category: SiteCategory;
}

const SITES_BY_CATEGORY: readonly (readonly [SiteCategory, string])[] = [
  ['encyclopedia', '百度百科=baidu.com 维基百科=wikipedia.org Wikipedia=wikipedia.org'],
  ['community', '知乎=zhihu.com 豆瓣=douban.com 什么值得买=smzdm.com 虎扑=hupu.com Reddit=reddit.com Quora=quora.com'],
  ['social', '小红书=xiaohongshu.com 微博=weibo.com 微信公众号=weixin.qq.com LinkedIn=linkedin.com'],
  ['video', '哔哩哔哩=bilibili.com B站=bilibili.com 抖音=douyin.com YouTube=youtube.com'],
  [
    'news',
    '36氪=36kr.com 虎嗅=huxiu.com 澎湃新闻=thepaper.cn 新浪财经=sina.com.cn 新浪科技=sina.com.cn 新浪=sina.com.cn 搜狐=sohu.com 网易=163.com 腾讯新闻=qq.com 凤凰网=ifeng.com 界面新闻=jiemian.com 第一财经=yicai.com 人民网=people.com.cn 新华网=xinhuanet.com IT之家=ithome.com TechCrunch=techcrunch.com Reuters=reuters.com 路透社=reuters.com Bloomberg=bloomberg.com 彭博=bloomberg.com Forbes=forbes.com',
  ],
  [
    'vertical',
    '汽车之家=autohome.com.cn 懂车帝=dongchedi.com 易车=yiche.com 太平洋汽车=pcauto.com.cn 中关村在线=zol.com.cn 太平洋电脑网=pconline.com.cn G2=g2.com Capterra=capterra.com CNET=cnet.com TechRadar=techradar.com "The Verge"=theverge.com Wirecutter=nytimes.com RTINGS=rtings.com DXOMARK=dxomark.com "Consumer Reports"=consumerreports.org "Runner\'s World"=runnersworld.com Trustpilot=trustpilot.com',
  ],
  ['shop', '京东=jd.com 天猫=tmall.com 淘宝=taobao.com 拼多多=pinduoduo.com Amazon=amazon.com 亚马逊=amazon.cn'],
  [
    'research',
    'IDC=idc.com Gartner=gartner.com Forrester=forrester.com Counterpoint=counterpointresearch.com Canalys=canalys.com Omdia=omdia.com 艾瑞咨询=iresearch.com.cn 艾媒咨询=iimedia.cn 易观=analysys.cn 奥维云网=avc-mr.com 乘联会=cpcaauto.com 中汽协=caam.org.cn 中国汽车工业协会=caam.org.cn 中消协=cca.org.cn 中国消费者协会=cca.org.cn J.D.Power=jdpower.com "J.D. Power"=jdpower.com 欧睿国际=euromonitor.com Euromonitor=euromonitor.com Statista=statista.com',
  ],
];

/** Every known site. */
export const SITES: readonly Site[] = SITES_BY_CATEGORY.flatMap(([category, list]) =>
  [...list.matchAll(/"([^"]+)"=(\S+)|([^\s="]+)=(\S+)/g)].map((match) => ({
    name: match[1] ?? match[3] ?? '',
    domain: match[2] ?? match[4] ?? '',
    category,
  })),
);

/** The first name of a domain is the one it goes by. */
const BY_DOMAIN = new Map([...SITES].reverse().map((site) => [site.domain, site]));

/** What is known of a registrable domain. */
export function siteOf(domain: string): Site | undefined {
  return BY_DOMAIN.get(domain);
}

const BY_NAME = new Map(SITES.map((site) => [site.name.toLowerCase(), site]));

/** What is known of a site by its name. */
export function siteNamed(name: string): Site | undefined {
  return BY_NAME.get(name.toLowerCase());
}
