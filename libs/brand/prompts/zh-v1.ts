/** Names no brand and asks for no JSON: either would change what the model says of its own accord. */
export const PROMPT_ZH_V1 = {
  id: 'zh-v1',
  system:
    '请像回答普通用户那样直接回答问题。涉及推荐时，用编号列表给出具体品牌，并各用一两句话说明理由。' +
    '引用资料时写出完整网址。全文不超过六百字，不要输出 JSON。',
};
