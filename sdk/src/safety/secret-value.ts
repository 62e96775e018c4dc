const KEY_MAX = 256;

/** Shown where a real value would stand. */
const placeholder =
  /^(?:[x*.•_#-]+|<.{0,80}>?|\[.{0,80}|\{.{0,80}|\$\{.{0,80}|(?:your|my|the|an?|some|insert|enter|put|add|new|old|set)[ _-].{0,80}|your.{0,40}|change[ _-]?(?:me|it)|example.{0,20}|placeholder|redacted|null|none|nil|undefined|true|false|required|optional|string|str|bool(?:ean)?|number|text|hidden|masked|todo|tbd|n\/?a|dummy|sample.{0,10}|pass(?:word|wd|phrase)?|secret|token|value|empty|default|self|this|await|new|function|foo|bar|baz)$/i;
/** `$NAME`, `%NAME%`. */
const variable = /^(?:\$[A-Z][A-Z0-9_]*|%[A-Z0-9_]+%)$/;
const codeStart =
  /^(?:process\.|os\.|env[.[]|getenv|config[.[]|settings\.|self\.|this\.|req\.|args\.|secrets?\.|vault[.:]|data\.|ref\b)|[(){}]|::|=>|^\w+\[\d{1,3}\]$/;

/** What a name calls a password. */
export function looksLikePassword(
  value: string,
  { isQuoted, isEnvironment }: { isQuoted: boolean; isEnvironment: boolean },
): boolean {
  if (value.length < 4 || value.length > 128 || value.includes(' ')) return false;
  if (isPlaceholder(value) || (!isQuoted && codeStart.test(value))) return false;
  const hasDigit = /\d/.test(value);
  const hasLetter = /[A-Za-z]/.test(value);
  const hasMark = /[^\w.,/:()-]/.test(value);
  if (hasDigit && (hasLetter || hasMark)) return true;
  if (hasMark && hasLetter) return value.length >= 6;
  if (/^\d+$/.test(value)) return value.length >= 6 && (isQuoted || isEnvironment);
  if (!hasLetter || /[./:()-]/.test(value)) return false;
  return value.length >= 5 && (isEnvironment || isJumbled(value));
}

export function isPlaceholder(value: string): boolean {
  return placeholder.test(value) || variable.test(value);
}

/** Capitals inside, more than a name in camel case has. */
function isJumbled(value: string): boolean {
  const changes = (value.match(/[a-z][A-Z]|[A-Z]{2}[a-z]/g) ?? []).length;
  return value.length >= 8 && changes >= 2 && !/^[a-z]*(?:[A-Z][a-z]{2,}){1,6}$/.test(value);
}

/** Long, with letters and digits, and few repetitions. A shorter one protects nothing: 16 hexadecimal digits are 64 bits. */
export function looksLikeKey(value: string): boolean {
  if (value.length < 16 || value.length > KEY_MAX || isPlaceholder(value)) return false;
  if (!/^[\w.+/=~:@!$%^&*-]+$/.test(value) || codeStart.test(value) || isMadeOfWords(value))
    return false;
  if (!/\d/.test(value)) return isJumbled(value) && !hasLongWords(value);
  if (!/[A-Za-z]/.test(value)) return false;
  if (new Set(value).size < 8) return false;
  return !hasLongWords(value) || !/^[a-z]+(?:[-_.][a-z]+)*[-_.]?v?\d{1,4}$/i.test(value);
}

/** `options.apiKeyProvider`, `x-aws-ec2-metadata-token`: names, with a digit at most here and there. */
function isMadeOfWords(value: string): boolean {
  if (value.replace(/\D/g, '').length > 2) return false;
  return (
    /^[a-z]+\d{0,2}(?:[-_.:/][a-z]+\d{0,2})+$/.test(value) ||
    /^[a-z_$][a-z_$]*\d?(?:\.[a-z_$]+\d?)+$/i.test(value)
  );
}

/** In a sentence only what no word looks like. */
export function looksSpoken(value: string): boolean {
  if (value.length < 6 || value.length > 64 || isPlaceholder(value) || codeStart.test(value))
    return false;
  if (!/^[\x21-\x7e]+$/.test(value) || /^[\w-]+[:=]/.test(value)) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^\w.,/:()-]/].filter((kind) => kind.test(value)).length;
  return (
    kinds >= 3 || (kinds === 2 && /\d/.test(value) && /[a-z]/i.test(value)) || isJumbled(value)
  );
}

/** What stands behind `Bearer ` or `Basic `. */
export function looksLikeHeader(phrase: string, value: string): boolean {
  if (phrase !== 'Basic ') return looksLikeKey(value);
  const isEncoded = /^[A-Za-z0-9+/]{8,}={0,2}$/.test(value);
  const decoded = isEncoded ? Buffer.from(value, 'base64').toString('latin1') : '';
  return decoded.includes(':') && /^[\x20-\x7e]{3,256}$/.test(decoded);
}

/** In names they have three letters and more on average, in random letters not two. */
export function hasLongWords(value: string): boolean {
  const words = value.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? [];
  return words.join('').length >= 3 * words.length;
}
