import type { ImageSize } from './image-size.js';

/** OpenAI's tile formula: base tokens and tokens per 512-pixel tile, by model. */
const tileModels: readonly (readonly [RegExp, number, number])[] = [
  [/^gpt-4o-mini/, 2_833, 5_667],
  [/^(gpt-4o|gpt-4\.5|gpt-4-|gpt-4\.1$|gpt-4\.1-2)/, 85, 170],
  [/^gpt-5(-chat|-2|$)/, 70, 140],
  [/^o[13](-|$)/, 75, 150],
  [/^computer-use/, 65, 129],
];
/** OpenAI's patch formula: tokens per 32-pixel patch, at most 1,536 patches. */
const patchModels: readonly (readonly [RegExp, number])[] = [
  [/^(gpt-5-mini|gpt-4\.1-mini)/, 1.62],
  [/^(gpt-5-nano|gpt-4\.1-nano)/, 2.46],
  [/^o4-mini/, 1.72],
];
const PATCHES_MAX = 1_536;
const TILES_MAX = 8; // 2048 × 768 pixels

/** Newer models accept larger images: ten thousand patches at the largest known factor. */
const OPENAI_UNKNOWN_IMAGE = 24_600;
const CLAUDE_IMAGE_MAX = 1_640;
const CLAUDE_LATER_IMAGE_MAX = 6_500;

/**
 * Upper bound for one image sent to OpenAI (platform documentation, "Images and vision").
 * @param size undefined when it cannot be read locally (a link, an unknown format)
 */
export function boundOpenAiImage(model: string, size: ImageSize | undefined): number {
  const name = model.toLowerCase();
  const patch = patchModels.find(([pattern]) => pattern.test(name));
  if (patch !== undefined) {
    const patches =
      size === undefined
        ? PATCHES_MAX
        : Math.min(PATCHES_MAX, Math.ceil(size.width / 32) * Math.ceil(size.height / 32));
    return Math.ceil(patches * patch[1]) + 8;
  }
  const tile = tileModels.find(([pattern]) => pattern.test(name));
  if (tile === undefined) return OPENAI_UNKNOWN_IMAGE;
  return tile[1] + tile[2] * (size === undefined ? TILES_MAX : tilesOf(size));
}

/** Fit into 2048 × 2048, then the shorter side to 768, then count tiles of 512. */
function tilesOf({ width, height }: ImageSize): number {
  const fit = Math.min(1, 2_048 / Math.max(width, height));
  const shorter = Math.min(1, 768 / (Math.min(width, height) * fit));
  const tiles = (side: number): number => Math.max(1, Math.ceil((side * fit * shorter) / 512));
  return Math.min(TILES_MAX, tiles(width) * tiles(height));
}

/** Upper bound for one image sent to Anthropic: width × height / 750, capped by the model. */
export function boundClaudeImage(isLater: boolean, size: ImageSize | undefined): number {
  const most = isLater ? CLAUDE_LATER_IMAGE_MAX : CLAUDE_IMAGE_MAX;
  if (size === undefined) return most;
  const perImage = Math.ceil((size.width * size.height) / 750) * (isLater ? 2 : 1);
  return Math.min(most, perImage + 16);
}

/** Gemini 3 and later at the highest resolution that can be asked for. */
const GEMINI_LATER_IMAGE_MAX = 2_240;
const GEMINI_TILE = 258;
/** What is larger is fitted into 3,072 pixels: twelve tiles by two at the narrowest. */
const GEMINI_TILES_MAX = 24;

/** Upper bound for one image sent to Google ("Understand and count tokens": 258 tokens per tile). */
export function boundGeminiImage(model: string, size: ImageSize | undefined): number {
  if (!/^gemini-(1|2)/.test(model.toLowerCase())) return GEMINI_LATER_IMAGE_MAX;
  if (size === undefined) return GEMINI_TILE * GEMINI_TILES_MAX;
  if (size.width <= 384 && size.height <= 384) return GEMINI_TILE + 2;
  const unit = Math.min(768, Math.max(256, Math.floor(Math.min(size.width, size.height) / 1.5)));
  const tiles = Math.ceil(size.width / unit) * Math.ceil(size.height / unit);
  return GEMINI_TILE * Math.min(GEMINI_TILES_MAX, tiles + 1);
}

/** Models behind OpenAI's language that are not OpenAI's: what they make of the largest image. */
const otherImages: readonly (readonly [RegExp, number])[] = [
  [/llama-4/, 2_600], // 16 tiles and an overview of 144 tokens each
  [/mi[sx]tral|pixtral/, 4_300], // 1,024 pixels by 16, with an end for every row
  [/grok/, 2_048], // six tiles and an overview of 256 tokens each
];

/** Upper bound for one image in OpenAI's language, whoever made the model behind it. */
export function boundImageOf(model: string, size: ImageSize | undefined): number {
  const name = model.toLowerCase().replace(/^(.*\/|openai\.)/, '');
  if (name.includes('claude')) return boundClaudeImage(!/claude-3|-4[-.][0-6]/.test(name), size);
  if (name.startsWith('gemini')) return boundGeminiImage(name, size);
  const other = otherImages.find(([pattern]) => pattern.test(name));
  return other === undefined ? boundOpenAiImage(name, size) : other[1];
}
