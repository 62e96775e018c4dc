/** Resolves after a time that nobody is kept alive for. */
export function after(timeMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, timeMs).unref();
  });
}
