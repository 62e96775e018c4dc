import type { Finding } from './finding.js';

/** What stands for each token of one request; it is forgotten with the request. */
export type Originals = Map<string, string>;

/**
 * Replaces findings by tokens.
 * @param tokenOf gives the token for a finding and its value; undefined leaves it
 */
export function redact(
  text: string,
  findings: readonly Finding[],
  tokenOf: (finding: Finding, value: string) => string | undefined,
): string {
  const isOutside = isJson(text) ? outsideStrings(text, findings) : undefined;
  let result = '';
  let from = 0;
  findings.forEach((finding, index) => {
    const token = tokenOf(finding, text.slice(finding.start, finding.end));
    if (token === undefined) return;
    // A number in JSON becomes a string, so that it stays JSON.
    result +=
      text.slice(from, finding.start) + (isOutside?.[index] === true ? `"${token}"` : token);
    from = finding.end;
  });
  return result + text.slice(from);
}

function isJson(text: string): boolean {
  if (!/^\s{0,64}[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Which findings start outside of a JSON string. */
function outsideStrings(text: string, findings: readonly Finding[]): boolean[] {
  const result: boolean[] = [];
  let isInside = false;
  let index = 0;
  for (const { start } of findings) {
    for (; index < start; index += 1) {
      const code = text.charCodeAt(index);
      if (code === 0x5c) index += 1;
      else if (code === 0x22) isInside = !isInside;
    }
    result.push(!isInside);
  }
  return result;
}
