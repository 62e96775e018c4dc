import { Injectable, signal } from '@angular/core';

export const TOPICS = [
  'projects',
  'budgets',
  'leases',
  'usage',
  'keys',
  'secrets',
  'members',
] as const;
export type Topic = (typeof TOPICS)[number];

const isTopic = (name: unknown): name is Topic => TOPICS.some((topic) => topic === name);

/** Counts, per topic, how often the server said that it changed. At most once a second, so that a busy fleet does not flood us. */
@Injectable({ providedIn: 'root' })
export class LiveTopics {
  private readonly versions = new Map(TOPICS.map((topic) => [topic, signal(0)]));
  private readonly waiting = new Set<Topic>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private static readonly INTERVAL_MS = 1_000;

  /** A number that grows whenever one of these topics changed; reactive. */
  version(topics: readonly Topic[]): number {
    return topics.reduce((total, topic) => total + (this.versions.get(topic)?.() ?? 0), 0);
  }

  /** Takes the names as they came over the wire; unknown ones belong to a newer server and are ignored. */
  changed(names: readonly unknown[]): void {
    for (const name of names) if (isTopic(name)) this.waiting.add(name);
    if (this.timer === undefined) this.flush();
  }

  private flush(): void {
    this.timer = undefined;
    if (this.waiting.size === 0) return;
    for (const topic of this.waiting) this.versions.get(topic)?.update((count) => count + 1);
    this.waiting.clear();
    this.timer = setTimeout(() => this.flush(), LiveTopics.INTERVAL_MS);
  }
}
