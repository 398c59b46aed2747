/** What providers send, in each format; all of it says the same. */
import type { CodecName } from './vendors/vendor.ts';

/** One whole body and one stream per format, written after the vendors' documents; each says what `SAME` holds. */
export const SAMPLES: Record<CodecName, { body: unknown; events: readonly unknown[] }> = {
  'openai-chat': {
    body: {
      model: 'ep-1',
      choices: [
        {
          message: {
            content: '你好',
            reasoning_content: 'hm',
            annotations: [{ url_citation: { url: 'https://a.com', title: 'A' } }],
          },
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 5 },
    },
    events: [
      { model: 'ep-1', choices: [{ delta: { role: 'assistant', reasoning_content: 'hm' } }] },
      { choices: [{ delta: { content: '你' } }] },
      {
        choices: [
          {
            delta: { content: '好', annotations: [{ url_citation: { url: 'https://a.com', title: 'A' } }] },
            finish_reason: 'stop',
          },
        ],
      },
      { choices: [], usage: { prompt_tokens: 3, completion_tokens: 5 } },
    ],
  },
  perplexity: {
    body: {
      model: 'ep-1',
      citations: ['https://a.com'],
      search_results: [{ url: 'https://a.com', title: 'A' }],
      choices: [{ message: { content: '你好', reasoning: 'hm' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 3, completion_tokens: 5 },
    },
    events: [
      { model: 'ep-1', citations: ['https://a.com'], choices: [{ delta: { content: '你', reasoning: 'hm' } }] },
      {
        search_results: [{ url: 'https://a.com', title: 'A' }],
        choices: [{ delta: { content: '好' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 3, completion_tokens: 5 },
      },
    ],
  },
  'openai-responses': {
    body: {
      model: 'ep-1',
      status: 'completed',
      output: [
        { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
        {
          type: 'message',
          content: [
            {
              type: 'output_text',
              text: '你好',
              annotations: [{ type: 'url_citation', url: 'https://a.com', title: 'A' }],
            },
          ],
        },
      ],
      usage: { input_tokens: 3, output_tokens: 5 },
    },
    events: [
      { type: 'response.created', response: { model: 'ep-1', status: 'in_progress', output: [] } },
      { type: 'response.reasoning_summary_text.delta', delta: 'hm' },
      { type: 'response.output_text.delta', delta: '你' },
      { type: 'response.output_text.delta', delta: '好' },
      {
        type: 'response.output_text.annotation.added',
        annotation: { type: 'url_citation', url: 'https://a.com', title: 'A' },
      },
      {
        type: 'response.completed',
        response: {
          model: 'ep-1',
          status: 'completed',
          output: [{ content: [{ text: '你好' }] }],
          usage: { input_tokens: 3, output_tokens: 5 },
        },
      },
    ],
  },
  'anthropic-messages': {
    body: {
      model: 'ep-1',
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'web_search_tool_result', content: [{ type: 'web_search_result', url: 'https://unused.com' }] },
        {
          type: 'text',
          text: '你好',
          citations: [{ type: 'web_search_result_location', url: 'https://a.com', title: 'A' }],
        },
      ],
      stop_reason: 'end_turn',
      usage: { input_tokens: 3, output_tokens: 5 },
    },
    events: [
      { type: 'message_start', message: { model: 'ep-1', content: [], usage: { input_tokens: 3, output_tokens: 1 } } },
      { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'hm' } },
      { type: 'ping' },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: '你' } },
      { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: '好' } },
      {
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'citations_delta', citation: { url: 'https://a.com', title: 'A' } },
      },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
      { type: 'message_stop' },
    ],
  },
  gemini: {
    body: {
      modelVersion: 'ep-1',
      candidates: [
        {
          content: { role: 'model', parts: [{ text: 'hm', thought: true }, { text: '你好' }] },
          finishReason: 'STOP',
          groundingMetadata: { groundingChunks: [{ web: { uri: 'https://a.com', title: 'A' } }] },
        },
      ],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 5 },
    },
    events: [
      { modelVersion: 'ep-1', candidates: [{ content: { parts: [{ text: 'hm', thought: true }] } }] },
      { candidates: [{ content: { parts: [{ text: '你' }] } }] },
      { candidates: [{ content: { parts: [{ text: '好' }] } }] },
      {
        candidates: [
          {
            content: { parts: [{ text: '' }] },
            finishReason: 'STOP',
            groundingMetadata: { groundingChunks: [{ web: { uri: 'https://a.com', title: 'A' } }] },
          },
        ],
        usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 5 },
      },
    ],
  },
  'dashscope-native': {
    body: {
      model: 'ep-1',
      output: {
        choices: [{ finish_reason: 'stop', message: { content: '你好', reasoning_content: 'hm' } }],
        search_info: { search_results: [{ index: 1, title: 'A', url: 'https://a.com' }] },
      },
      usage: { input_tokens: 3, output_tokens: 5 },
    },
    events: [
      {
        model: 'ep-1',
        output: {
          search_info: { search_results: [{ index: 1, title: 'A', url: 'https://a.com' }] },
          choices: [{ finish_reason: 'null', message: { content: '你', reasoning_content: 'hm' } }],
        },
      },
      {
        output: { choices: [{ finish_reason: 'stop', message: { content: '好' } }] },
        usage: { input_tokens: 3, output_tokens: 5 },
      },
    ],
  },
};

/** The answer that every sample holds; the finish words and the places of the citation differ. */
export const SAME = {
  text: '你好',
  reasoning: 'hm',
  sources: [{ url: 'https://a.com', title: 'A', position: 1 }],
  usage: { inputTokens: 3, outputTokens: 5, reasoningTokens: null, cachedTokens: null, searchCalls: null },
  finish: 'whole',
  model: 'ep-1',
};
