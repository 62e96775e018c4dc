/*
 * When to do what no caller has to wait for. What fails here was not needed for the call itself: a
 * vocabulary that cannot be loaded is told to the next call that cannot do without it.
 */

/**
 * Runs `task` when a request that was just handed to `fetch` has left: whoever answers it takes longer
 * than the task. Node writes it within the next round of the event loop, so the round after is meant.
 */
export function onceSent(task: () => void): void {
  setImmediate(() => {
    setImmediate(attempt, task);
  });
}

/** Runs `task` when the caller has got the answer that is about to be returned. */
export function onceAnswered(task: () => void): void {
  setImmediate(attempt, task);
}

function attempt(task: () => void): void {
  try {
    task();
  } catch {
    // See above.
  }
}
