import { DestroyRef, inject, Injectable, signal } from '@angular/core';
import { Session } from '../session/session';
import { LiveClient, type LiveState } from './live-client';
import { LiveTopics, TOPICS } from './live-topics';

/** A hidden page gives its connection back after this long: browsers allow only six per host over HTTP/1.1. */
const HIDDEN_GRACE_MS = 30_000;

/** The one event stream of the signed-in part; provided by the shell, so that it ends with it. */
@Injectable()
export class Live {
  readonly state = signal<LiveState>('connecting');
  private readonly session = inject(Session);
  private readonly topics = inject(LiveTopics);
  private readonly client = new LiveClient({
    open: (abort) => this.open(abort),
    onEvent: ({ event, data }) => {
      if (event === 'changed') this.topics.changed(topicsOf(data));
    },
    onState: (state) => this.enter(state),
  });
  /** What changes while we are cut off is not announced to us later. */
  private missedSome = false;
  private hiddenTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const onVisibility = () => this.followVisibility();
    const onOnline = () => this.client.retryNow();
    document.addEventListener('visibilitychange', onVisibility);
    window.addEventListener('online', onOnline);
    inject(DestroyRef).onDestroy(() => {
      document.removeEventListener('visibilitychange', onVisibility);
      window.removeEventListener('online', onOnline);
      clearTimeout(this.hiddenTimer);
      this.client.stop();
    });
    this.client.start();
  }

  private async open(abort: AbortSignal): Promise<Response> {
    const connect = async () =>
      fetch('/v1/events', {
        headers: { authorization: `Bearer ${await this.session.freshToken()}` },
        signal: abort,
      });
    const response = await connect();
    if (response.status !== 401 || !this.session.signedIn()) return response;
    await this.session.refresh();
    return connect();
  }

  private enter(state: LiveState): void {
    this.state.set(state);
    if (state === 'reconnecting') this.missedSome = true;
    if (state !== 'live' || !this.missedSome) return;
    this.missedSome = false;
    this.topics.changed(TOPICS);
  }

  private followVisibility(): void {
    clearTimeout(this.hiddenTimer);
    if (document.hidden) this.hiddenTimer = setTimeout(() => this.rest(), HIDDEN_GRACE_MS);
    else this.client.start();
  }

  private rest(): void {
    this.client.stop();
    this.missedSome = true;
  }
}

function topicsOf(data: string): readonly unknown[] {
  try {
    const body: unknown = JSON.parse(data);
    if (typeof body === 'object' && body !== null && 'topics' in body && Array.isArray(body.topics))
      return body.topics as unknown[];
  } catch {
    // Not ours; the next event may be.
  }
  return [];
}
