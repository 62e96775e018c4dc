// Step lines for people: a spinner on a terminal, two plain lines elsewhere. Everything goes to stderr, so that a command's stdout
// stays its own.
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const TAIL_LINES = 40;

/** A step that failed: the sentence says what to do, the tail shows the end of its output. */
export class StepError extends Error {
  /** @param {string} message @param {{ advice?: string, output?: string }} [more] */
  constructor(message, { advice = '', output = '' } = {}) {
    super(message);
    this.name = 'StepError';
    this.advice = advice;
    this.output = output;
  }
}

/**
 * Runs one named step and shows how long it takes.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @param {NodeJS.WriteStream} [out]
 * @returns {Promise<T>}
 */
export async function step(name, work, out = process.stderr) {
  const startedAt = Date.now();
  const elapsed = () => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`;
  const timer = out.isTTY ? spin(name, elapsed, out) : undefined;
  if (!timer) out.write(`  …  ${name}\n`);
  try {
    const result = await work();
    finish(timer, `  ok  ${name} (${elapsed()})\n`, out);
    return result;
  } catch (error) {
    finish(timer, `FAIL  ${name} (${elapsed()})\n`, out);
    throw error;
  }
}

/** @param {unknown} error @param {NodeJS.WriteStream} [out] */
export function reportFailure(error, out = process.stderr) {
  if (!(error instanceof StepError)) {
    out.write(`\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return;
  }
  const lines = error.output.trimEnd().split('\n');
  if (error.output.trim() !== '') {
    if (lines.length > TAIL_LINES)
      out.write(`\n… ${lines.length - TAIL_LINES} earlier lines left out`);
    out.write(`\n${lines.slice(-TAIL_LINES).join('\n')}\n`);
  }
  out.write(`\n${error.message}\n${error.advice === '' ? '' : `${error.advice}\n`}`);
}

function spin(name, elapsed, out) {
  let frame = 0;
  return setInterval(() => {
    out.write(`\r\x1b[2K  ${FRAMES[frame++ % FRAMES.length]}   ${name} (${elapsed()})`);
  }, 100);
}

function finish(timer, line, out) {
  if (timer) {
    clearInterval(timer);
    out.write('\r\x1b[2K');
  }
  out.write(line);
}
