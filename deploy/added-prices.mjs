// List prices that @pydantic/genai-prices does not have, each with where it was read and when. Prices per unit are in dollars, as strings.

/** Models that are priced by something else than tokens. The first that fits a name counts. */
export const ADDED_MODELS = [
  {
    provider: 'openai',
    id: 'tts-1-hd',
    match: { starts_with: 'tts-1-hd' },
    perMillion: { characters: '30' },
    source: 'https://community.openai.com/t/precise-pricing-for-tts-api/634297',
    read: '2026-11-23',
  },
  {
    provider: 'openai',
    id: 'tts-1',
    match: { starts_with: 'tts-1' },
    perMillion: { characters: '15' },
    source: 'https://community.openai.com/t/precise-pricing-for-tts-api/634297',
    read: '2026-11-23',
  },
  {
    provider: 'cohere',
    id: 'rerank-v4.0-pro',
    match: { equals: 'rerank-v4.0-pro' },
    perThousand: { searchUnits: '2.5' },
    source: 'https://developer.puter.com/tutorials/cohere-api-pricing/',
    read: '2026-11-23',
  },
  {
    provider: 'cohere',
    id: 'rerank',
    match: {
      or: [
        { equals: 'rerank-v4.0-fast' },
        { equals: 'rerank-v3.5' },
        { equals: 'rerank-english-v3.0' },
        { equals: 'rerank-multilingual-v3.0' },
      ],
    },
    perThousand: { searchUnits: '2' },
    source:
      'https://docs.memberjunction.org/api/classes/_memberjunction_search-engine.CohereReRanker.html',
    read: '2026-11-23',
  },
];

/** What a container of OpenAI's code interpreter costs, with every model that may search in files: those have the same tools. */
export const ADDED_CONTAINERS = {
  provider: 'openai',
  perOne: '0.03',
  source:
    'https://community.openai.com/t/responses-api-excessive-charges-due-to-repetitive-container-creation-when-using-code-interpreter/1364328',
  read: '2026-11-23',
};
