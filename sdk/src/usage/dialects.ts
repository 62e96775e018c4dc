import type { CountName, Modality } from './usage-reading.js';
import { UsageRules } from './usage-rules.js';

/* How answers tell their usage, by dialect. Sources: the providers' API references. */

type Rule = readonly [path: string, ...counts: CountName[]];

const chatTotals: readonly Rule[] = [
  ['prompt_tokens!', 'input'],
  ['completion_tokens!', 'output'],
];
const cached: Rule = ['prompt_tokens_details.cached_tokens', 'cacheRead'];
const cacheWritten: Rule = ['prompt_tokens_details.cache_write_tokens', 'cacheWrite'];
const heard: Rule = ['prompt_tokens_details.audio_tokens', 'audioInput'];
const spoken: Rule = ['completion_tokens_details.audio_tokens', 'audioOutput'];
const reasoned: Rule = ['completion_tokens_details.reasoning_tokens', 'reasoning'];

/** OpenAI's chat completions, and most who speak its language. */
export const openAiChat = new UsageRules('usage', [
  ...chatTotals,
  cached,
  cacheWritten,
  heard,
  spoken,
  reasoned,
]);
export const audioChat = new UsageRules('usage', [...chatTotals, cached, heard, spoken, reasoned]);
export const cachingChat = new UsageRules('usage', [...chatTotals, cached, reasoned]);
export const speakingChat = new UsageRules('usage', [...chatTotals, cached, spoken, reasoned]);
export const cacheWritingChat = new UsageRules('usage', [
  ...chatTotals,
  cached,
  cacheWritten,
  reasoned,
]);
export const plainChat = new UsageRules('usage', [...chatTotals, reasoned]);
export const modalChat = new UsageRules('usage', [
  ...chatTotals,
  cached,
  cacheWritten,
  ['reasoning_tokens', 'reasoning'],
]);
/** Anthropic's models behind OpenAI's language. */
export const anthropicChat = new UsageRules('usage', [
  ...chatTotals,
  ['cached_tokens', 'cacheRead'],
  reasoned,
]);
/** xAI counts its reasoning beside the completion, not in it. */
export const xaiChat = new UsageRules('usage', [
  ...chatTotals,
  cached,
  spoken,
  ['completion_tokens_details.reasoning_tokens', 'output', 'reasoning'],
]);
export const xaiLegacy = new UsageRules('usage', [
  ...chatTotals,
  ['cached_prompt_text_tokens', 'cacheRead'],
  ['reasoning_tokens', 'output', 'reasoning'],
]);
/** Perplexity counts reasoning and citations beside the completion. */
export const perplexity = new UsageRules('usage', [
  ...chatTotals,
  ['reasoning_tokens', 'output', 'reasoning'],
  ['citation_tokens', 'output', 'citations'],
  ['num_search_queries', 'webSearches'],
]);
export const cloudflare = new UsageRules('result.usage', [...chatTotals, reasoned], {
  model: 'result.model',
});

const responseTotals: readonly Rule[] = [
  ['input_tokens!', 'input'],
  ['output_tokens!', 'output'],
];
const responseCached: Rule = ['input_tokens_details.cached_tokens', 'cacheRead'];
const responseReasoned: Rule = ['output_tokens_details.reasoning_tokens', 'reasoning'];

/** OpenAI's Responses API. */
export const openAiResponses = new UsageRules('usage', [
  ...responseTotals,
  responseCached,
  ['input_tokens_details.cache_write_tokens', 'cacheWrite'],
  responseReasoned,
]);
export const cachingResponses = new UsageRules('usage', [
  ...responseTotals,
  responseCached,
  responseReasoned,
]);
export const plainResponses = new UsageRules('usage', [...responseTotals, responseCached]);
export const totalsOnly = new UsageRules('usage', responseTotals);

export const openAiImages = new UsageRules('usage', [
  ...responseTotals,
  ['input_tokens_details.text_tokens!', 'textInput'],
  ['input_tokens_details.image_tokens!', 'imageInput'],
  ['output_tokens_details.text_tokens', 'textOutput'],
  ['output_tokens_details.image_tokens', 'imageOutput'],
]);
export const openAiRealtime = new UsageRules('response.usage', [
  ['input_tokens', 'input'],
  ['input_token_details.text_tokens', 'textInput'],
  ['input_token_details.audio_tokens', 'audioInput'],
  ['input_token_details.image_tokens', 'imageInput'],
  ['input_token_details.cached_tokens', 'cacheRead'],
  ['input_token_details.cached_tokens_details.text_tokens', 'textCacheRead'],
  ['input_token_details.cached_tokens_details.audio_tokens', 'audioCacheRead'],
  ['input_token_details.cached_tokens_details.image_tokens', 'imageCacheRead'],
  ['output_token_details.text_tokens', 'textOutput'],
  ['output_token_details.audio_tokens', 'audioOutput'],
  ['output_tokens', 'output'],
]);
export const xaiRealtime = new UsageRules('usage', [
  ['input_tokens', 'input'],
  ['input_token_details.text_tokens', 'textInput'],
  ['input_token_details.audio_tokens', 'audioInput'],
  ['output_tokens', 'output'],
  ['output_token_details.text_tokens', 'textOutput'],
  ['output_token_details.audio_tokens', 'audioOutput'],
  ['billable_audio_seconds!', 'audioSeconds'],
  ['input_text_messages', 'textMessages'],
]);
/** Transcription: by length, by tokens, or as Mistral tells both. */
export const openAiTranscription = new UsageRules('usage', [
  ['input_tokens', 'input'],
  ['input_token_details.audio_tokens', 'audioInput'],
  ['output_tokens', 'output'],
  ['seconds', 'audioSeconds'],
]);
export const mistralTranscription = new UsageRules('usage', [
  ['prompt_audio_seconds!', 'audioSeconds'],
]);
export const embeddings = new UsageRules('usage', [['prompt_tokens!', 'input']]);

/** Anthropic counts cached tokens beside the input, not in it. */
const anthropicTotals: readonly Rule[] = [
  ['input_tokens!', 'input'],
  ['cache_creation_input_tokens', 'input', 'cacheWrite'],
  ['cache_read_input_tokens', 'input', 'cacheRead'],
  ['output_tokens!', 'output'],
];
export const anthropicMessages = new UsageRules('usage', [
  ...anthropicTotals,
  ['cache_creation.ephemeral_5m_input_tokens', 'cacheWrite5m'],
  ['cache_creation.ephemeral_1h_input_tokens', 'cacheWrite1h'],
  ['server_tool_use.web_search_requests', 'webSearches'],
  ['output_tokens_details.thinking_tokens', 'reasoning'],
]);
/** Anthropic's language as other clouds speak it. */
export const anthropicResold = new UsageRules('usage', anthropicTotals);
export const anthropicWithoutWrites = new UsageRules(
  'usage',
  anthropicTotals.filter(([path]) => path !== 'cache_creation_input_tokens'),
);

export const bedrockConverse = new UsageRules(
  'usage',
  [
    ['inputTokens!', 'input'],
    ['cacheReadInputTokens', 'input', 'cacheRead'],
    ['cacheWriteInputTokens', 'input', 'cacheWrite'],
    ['outputTokens!', 'output'],
  ],
  { total: 'totalTokens' },
);
export const cohereBilled = new UsageRules('usage.billed_units', responseTotals);
export const cohereTokens = new UsageRules('usage', [
  ['tokens.input_tokens', 'input'],
  ['tokens.output_tokens', 'output'],
  ['cached_tokens', 'cacheRead'],
]);
export const cohereEmbeddings = new UsageRules('meta.billed_units', [['input_tokens!', 'input']]);
export const cohereRerank = new UsageRules('meta.billed_units', [['search_units!', 'searchUnits']]);
export const tokenRerank = new UsageRules('usage', [['total_tokens!', 'input']]);
export const mistralOcr = new UsageRules('usage_info', [['pages_processed!', 'pages']]);
export const mistralAnnotatedOcr = new UsageRules('usage_info', [
  ['pages_processed!', 'pages', 'annotatedPages'],
]);
export const cursorEvents = new UsageRules('tokenUsage', [
  ['inputTokens!', 'input'],
  ['cacheWriteTokens!', 'input', 'cacheWrite'],
  ['cacheReadTokens!', 'input', 'cacheRead'],
  ['outputTokens!', 'output'],
]);

/** Ollama's own language; what is zero is left out. */
export const ollamaCounts = new UsageRules('usage', [
  ['prompt_eval_count', 'input'],
  ['eval_count', 'output'],
]);

const modalities: readonly (readonly [told: string, Modality])[] = [
  ['TEXT', 'text'],
  ['AUDIO', 'audio'],
  ['IMAGE', 'image'],
  ['DOCUMENT', 'image'], // the pages of a document are read as images
  ['VIDEO', 'video'],
];

/** Gemini counts thoughts beside the candidates, and prompts of its tools beside the prompt. */
export const gemini = new UsageRules(
  'usageMetadata',
  [
    ['promptTokenCount', 'input'],
    ['cachedContentTokenCount', 'cacheRead'],
    ['candidatesTokenCount', 'output'],
    ['thoughtsTokenCount', 'output', 'reasoning'],
    ['toolUsePromptTokenCount', 'input', 'toolInput'],
    ...modalities.flatMap(([told, name]): Rule[] => [
      [`cacheTokensDetails[${told}].tokenCount`, `${name}CacheRead`],
      [`promptTokensDetails[${told}].tokenCount`, `${name}Input`],
      [`candidatesTokensDetails[${told}].tokenCount`, `${name}Output`],
      [`toolUsePromptTokensDetails[${told}].tokenCount`, `${name}Input`, `${name}ToolInput`],
    ]),
  ],
  { model: 'modelVersion', total: 'totalTokenCount' },
);
