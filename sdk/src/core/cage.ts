import { inspect } from 'node:util';

import type { RunBudgetView, RunLimits } from '../context/run-budget.js';
import { RunContext, type RunAttribution } from '../context/run-context.js';
import { KeyRevokedError, SessionEndedError } from '../errors/catalogue.js';
import { MeteringFetch } from '../fetch/metering-fetch.js';
import { systemClock, type Clock } from '../identity/clock.js';
import { exitReports } from '../leases/exit-reports.js';
import type { JournalFile } from '../leases/journal-file.js';
import { LeaseBook } from '../leases/lease-book.js';
import { leaseServer } from '../leases/lease-server.js';
import { LeaseUpkeep } from '../leases/lease-upkeep.js';
import { SafetyPolicy } from '../safety/safety-policy.js';
import { Injection } from '../secrets/injection.js';
import { Placeholders } from '../secrets/placeholders.js';
import { SealedValue } from '../secrets/sealed-value.js';
import { logEvents, toStandardError } from '../telemetry/debug-log.js';
import { exportTelemetry } from '../telemetry/open-telemetry.js';
import { preloadRanks } from '../tokens/rank-table.js';
import { Transport } from '../wire/transport.js';
import { after } from './after.js';
import { requestBudget, type BudgetRequest, type BudgetRequestState } from './budget-request.js';
import { budgetView, type BudgetView } from './budget-view.js';
import { EventHub, type CageEvents, type CageListener } from './events.js';
import { ExitHooks, type ExitWork, prepareExit, type PreparedExit } from './exit-hooks.js';
import { openJournal, replayOthers } from './journal-keeping.js';
import { resolveOptions, type IronCageOptions, type ResolvedOptions } from './options.js';
import { endSession, ReplacedSessions } from './replaced-sessions.js';
import { RunState } from './run-state.js';
import { SessionKeeper } from './session-keeper.js';
import { SecretProblems } from './secret-problems.js';
import { riskyCircumstances } from './surroundings-check.js';
import { SDK_VERSION, type Session } from './session.js';

const CLOSE_TIMEOUT_MS = 5_000;

/** What tests replace. */
export interface CageSurroundings {
  readonly clock: Clock;
  /** The unpatched `fetch`. */
  readonly send: typeof fetch;
  readonly environment: NodeJS.ProcessEnv;
  readonly placeholders: Placeholders;
}

/** One running connection to Iron Cage: the meter, the leases, and the kill switch. */
export class Cage {
  /** A `fetch` that meters; for a client's own `fetch` option. */
  readonly fetch: typeof fetch;
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  readonly #events = new EventHub();
  readonly #state: RunState;
  readonly #transport: Transport;
  readonly #keeper: SessionKeeper;
  readonly #journal: JournalFile | undefined;
  readonly #book: LeaseBook;
  readonly #injection: Injection;
  readonly #replaced: ReplacedSessions;
  readonly #key: SealedValue;
  readonly #secretProblems: SecretProblems;
  readonly #context: RunContext;
  readonly #safety = new SafetyPolicy(this.#events.emit.bind(this.#events));
  #upkeep: LeaseUpkeep | undefined;
  #exitHooks: ExitHooks | undefined;
  #started: Promise<void> | undefined;
  #isReady = false;
  #closing: Promise<void> | undefined;
  #replaying: Promise<void> | undefined;
  readonly #onClosed: (() => void)[] = [];

  constructor(options: IronCageOptions, surroundings: Partial<CageSurroundings> = {}) {
    const resolved = resolveOptions(options, surroundings.environment ?? process.env);
    this.#key = new SealedValue(Buffer.from(resolved.key, 'utf8'));
    this.#options = { ...resolved, key: '' };
    this.#clock = surroundings.clock ?? systemClock;
    const emit = this.#events.emit.bind(this.#events);
    if (resolved.debug !== false) {
      logEvents(this.#events, resolved.debug === true ? toStandardError : resolved.debug);
    }
    this.#context = new RunContext(this.#clock);
    this.#state = new RunState(emit);
    this.#transport = new Transport(resolved.url, () => this.#key.reveal(), this.#clock);
    this.#journal = openJournal(this.#options, emit);
    const guard = this.#guard.bind(this);
    this.#book = new LeaseBook({
      server: leaseServer(this.#transport),
      clock: this.#clock,
      journal: this.#journal,
      emit,
      session: () => this.#keeper.current,
      guard,
      onRefusal: (error) => {
        this.#onRefusal(error);
      },
      leaseWaitMs: resolved.leaseWaitMs,
    });
    this.#secretProblems = new SecretProblems(emit);
    this.#replaced = new ReplacedSessions(this.#transport, this.#book);
    this.#keeper = this.#makeKeeper();
    const placeholders = surroundings.placeholders ?? new Placeholders();
    this.#injection = new Injection(surroundings.environment ?? process.env, placeholders);
    this.fetch = new MeteringFetch({
      clock: this.#clock,
      emit,
      send: surroundings.send ?? globalThis.fetch,
      placeholders,
      starting: () => (this.#isReady ? undefined : this.#started),
      session: () => this.#keeper.current,
      filter: () => this.#safety.filter,
      book: this.#book,
      context: this.#context,
      guard,
      unbounded: () => (resolved.unbounded === 'block' ? 'block' : this.#state.unbounded),
      observes: () => resolved.mode === 'observe' && this.#keeper.current.mayObserve,
      options: resolved,
    }).fetch;
  }

  /** Sets placeholders for well-known variables at once, before anything is awaited. */
  presetEnvironment(): void {
    if (this.#options.inject !== 'none') this.#injection.presetWellKnown();
  }

  /**
   * Starts the session and injects the secrets.
   * @throws IronCageError that says why the agent may not run
   */
  start(): Promise<void> {
    return (this.#started ??= this.#start());
  }

  /** Listens to an event. @returns a function that stops listening */
  on<Name extends keyof CageEvents>(name: Name, listener: CageListener<Name>): () => void {
    return this.#events.on(name, listener);
  }

  /** What may still be spent, as far as this process knows without asking. */
  budget(): BudgetView {
    return budgetView(this.#keeper.current.project.name, this.#state, this.#book);
  }

  /**
   * Runs `task` with a limit of its own: an amount of dollars (`'0.10'`), or an object that may also
   * limit the number of calls and the time. Whatever `task` starts counts, parallel calls too; a
   * limit inside a limit holds as well as the one around it.
   * @returns what `task` returns
   * @throws ConfigurationError for a limit that is none. Calls inside that do not fit throw
   * BudgetExceededError (`details.scope` is `run`) or RunLimitError before they leave
   */
  withBudget<T>(limits: string | RunLimits, task: (budget: RunBudgetView) => T): T {
    return this.#context.withLimits(typeof limits === 'object' ? limits : { budget: limits }, task);
  }

  /**
   * Runs `task` so that the usage of its calls tells for whom and for what they were made.
   * @returns what `task` returns
   * @throws ConfigurationError for more than 20 tags, or one that is not 1 to 200 printable characters
   */
  withContext<T>(attribution: RunAttribution, task: () => T): T {
    return this.#context.withAttribution(attribution, task);
  }

  /**
   * Asks people for more budget. It changes nothing by itself: somebody approves it or not.
   * @throws IronCageError with the refusal, for example when too many requests are open
   */
  requestBudget(request: BudgetRequest): Promise<BudgetRequestState> {
    return requestBudget(this.#transport, this.#clock.wallMs(), request);
  }

  /**
   * Reports what was used, returns the leases, ends the session, wipes the keys. Calls in flight
   * are charged at their upper bound. May be called more than once.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** True for a place that a secret of the project belongs to. */
  meters(url: URL): boolean {
    return this.#isReady && this.#keeper.current.secrets.providerAt(url) !== undefined;
  }

  /** Runs `task` once when this connection is closed. */
  onClosed(task: () => void): void {
    this.#onClosed.push(task);
  }

  [inspect.custom](): string {
    return `Cage(${this.#state.name})`;
  }

  toJSON(): unknown {
    return { state: this.#state.name };
  }

  async #start(): Promise<void> {
    for (const risk of riskyCircumstances()) {
      process.emitWarning(risk, 'IronCageWarning');
    }
    const started = this.#keeper.start();
    const telemetry = this.#options.telemetry
      ? exportTelemetry(this.#events, SDK_VERSION)
      : Promise.resolve();
    // While the server answers: the first call should not have to wait for the vocabulary.
    preloadRanks('o200k_base');
    await started.catch((error: unknown) => {
      // What crashed processes have used is accepted for a while from a key that may do nothing else.
      if (error instanceof KeyRevokedError) this.#replaying = this.#replay();
      throw error;
    });
    await telemetry;
    if (this.#options.mode === 'observe' && !this.#keeper.current.mayObserve) {
      const message =
        'This agent asks for a rehearsal (mode: observe), but its project enforces: so does the agent.';
      process.emitWarning(message, 'IronCageWarning');
    }
    this.#upkeep = new LeaseUpkeep(
      this.#book,
      this.#clock,
      () => this.#keeper.current.reportIntervalMs,
    );
    if (this.#options.handleExit) {
      this.#exitHooks = new ExitHooks(
        () => this.close(),
        () => this.#exitWork(),
      );
    }
    this.#isReady = true;
    void this.#replay();
  }

  #makeKeeper(): SessionKeeper {
    return new SessionKeeper({
      transport: this.#transport,
      clock: this.#clock,
      state: this.#state,
      emit: this.#events.emit.bind(this.#events),
      agentName: this.#options.agentName,
      startTimeoutMs: this.#options.startTimeoutMs,
      pricesKeys: this.#options.pricesKeys,
      safety: this.#safety,
      onSession: (session, previous) => {
        this.#onSession(session, previous);
      },
      onState: ({ available }) => {
        this.#book.latch.see(this.#state.availableNano ?? 0n);
        if (available !== '' && this.#state.name !== 'active') this.#retireAll();
        if (this.#keeper.current.secrets.isWiped) this.#injection.undo();
      },
      onHeartbeat: () => {
        this.#journal?.touch(this.#clock.wallMs());
        this.#replaced.endSettled();
      },
    });
  }

  #onSession(session: Session, previous: Session | undefined): void {
    const { inject } = this.#options;
    const skipped = inject === 'none' ? [] : this.#injection.apply(session.secrets, inject);
    this.#secretProblems.tell(session.secrets.problems, skipped);
    if (previous === undefined) return;
    previous.secrets.wipe();
    this.#replaced.add(previous.id);
    this.#retireAll();
  }

  #guard(): void {
    if (this.#state.name === 'ended') {
      this.#keeper.restart().catch((error: unknown) => {
        this.#state.seeRefusal(error);
      });
    }
    this.#state.check();
  }

  #onRefusal(error: unknown): void {
    this.#state.seeRefusal(error);
    if (error instanceof SessionEndedError) this.#guardQuietly();
    if (this.#state.name !== 'active') this.#retireAll();
  }

  #guardQuietly(): void {
    try {
      this.#guard();
    } catch {
      // The caller gets the refusal itself; this only starts the next session.
    }
  }

  #retireAll(): void {
    for (const lease of this.#book.leases) this.#book.retire(lease);
  }

  #replay(): Promise<void> {
    return replayOthers(this.#options, {
      server: leaseServer(this.#transport),
      clock: this.#clock,
      emit: this.#events.emit.bind(this.#events),
      ownPath: this.#journal?.path,
      isClosing: () => this.#closing !== undefined,
    });
  }

  /** Stops everything; what is left to be told is returned. */
  #stop(): ExitWork | undefined {
    this.#exitHooks?.remove();
    this.#upkeep?.stop();
    this.#keeper.stop();
    this.#state.close();
    this.#injection.undo();
    for (const task of this.#onClosed.splice(0)) task();
    if (this.#upkeep === undefined) return undefined;
    return {
      sessionIds: [this.#keeper.current.id, ...this.#replaced.ids],
      reports: exitReports(this.#book, this.#clock, this.#journal),
    };
  }

  #exitWork():
    { readonly work: PreparedExit; readonly onDone: (settled: string[]) => void } | undefined {
    if (this.#closing !== undefined) return undefined;
    const work = this.#stop();
    if (work === undefined) return undefined;
    this.#closing = Promise.resolve();
    return {
      work: prepareExit(this.#transport, work),
      onDone: (settled) => {
        for (const lease of settled) this.#journal?.append({ t: 'end', lease });
        this.#journal?.close();
      },
    };
  }

  async #close(): Promise<void> {
    await this.#started?.catch(() => undefined);
    const secrets = this.#upkeep === undefined ? undefined : this.#keeper.current.secrets;
    this.#state.close();
    // A lease that is on its way is given back with the others.
    await Promise.race([this.#book.quiet(), after(1_000)]);
    const work = this.#stop();
    const server = leaseServer(this.#transport);
    const deadline = after(CLOSE_TIMEOUT_MS);
    const settle = async ({ leaseId, bodies }: ExitWork['reports'][number]): Promise<void> => {
      for (const body of bodies) await server.settle(leaseId, body);
      this.#journal?.append({ t: 'end', lease: leaseId });
    };
    const reports = Promise.allSettled([
      ...(work?.reports ?? []).map(settle),
      this.#replaying ?? Promise.resolve(),
    ]);
    await Promise.race([reports, deadline]);
    await Promise.race([
      Promise.allSettled(
        (work?.sessionIds ?? []).map((id) => endSession(this.#transport, id, false)),
      ),
      deadline,
    ]);
    this.#transport.close();
    this.#transport.proofs.wipe();
    this.#journal?.close();
    secrets?.wipe();
    this.#key.wipe();
  }
}
