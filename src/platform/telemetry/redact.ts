/**
 * Last line of defence for text that reaches a log: things that look like a credential are cut, whoever wrote them. The first line is
 * that nothing logs request bodies, headers or SQL parameters at all.
 */
const PATTERNS: readonly [RegExp, string][] = [
  [/\bic_(dev|live)_([0-9A-Za-z]{8})_[0-9A-Za-z]{1,64}/g, 'ic_$1_$2_[redacted]'],
  [/\b(sk|pk|rk)-[A-Za-z0-9_-]{8,200}/g, '$1-[redacted]'],
  [/\bBearer [A-Za-z0-9._~+/-]{8,4000}=*/gi, 'Bearer [redacted]'],
  [/\beyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,1000}/g, '[redacted token]'],
  [/\b(postgres(?:ql)?|rediss?):\/\/[^\s@/]{1,500}@/gi, '$1://[redacted]@'],
];

export function redact(text: string): string {
  return PATTERNS.reduce(
    (rest, [pattern, replacement]) => rest.replace(pattern, replacement),
    text,
  );
}
