/**
 * What the ledger should do, in the plainest form: no database, no batches, no entries. The real one is compared with it, outcome by
 * outcome and balance by balance.
 */
export interface ModelBudget {
  readonly id: string;
  readonly limit: bigint;
  /** Empty: every model. */
  readonly models: readonly string[];
  settled: bigint;
}

export interface ModelLease {
  readonly budgets: readonly ModelBudget[];
  state: 'PENDING' | 'EXPIRED_HOLD' | 'SETTLED' | 'REVOKED' | 'RETURNED' | 'CHARGED';
  readonly amount: bigint;
  used: bigint;
  late: bigint;
  charged: bigint;
  seq: number;
}

export class LedgerModel {
  deposited = 0n;
  spent = 0n;
  readonly leases = new Map<string, ModelLease>();
  paused = false;

  constructor(
    private readonly tranche: bigint,
    private readonly expiry: 'return' | 'charge',
    private readonly maxOpen: number,
    readonly budgets: readonly ModelBudget[] = [],
  ) {}

  get leased(): bigint {
    return this.open().reduce((sum, lease) => sum + lease.amount - lease.used, 0n);
  }

  /** May be below zero: that is debt. */
  get net(): bigint {
    return this.deposited - this.spent - this.leased;
  }

  get free(): bigint {
    return this.net > 0n ? this.net : 0n;
  }

  reservedIn(budget: ModelBudget): bigint {
    return this.open()
      .filter(({ budgets }) => budgets.includes(budget))
      .reduce((sum, lease) => sum + lease.amount - lease.used, 0n);
  }

  /** What an agent could get now for a model: the least of the balance and all budgets that apply. */
  room(model: string | undefined): bigint {
    const rooms = this.applying(model).map(
      (budget) => budget.limit - budget.settled - this.reservedIn(budget),
    );
    const least = [this.free, ...rooms].reduce((a, b) => (b < a ? b : a));
    return least > 0n ? least : 0n;
  }

  private applying(model: string | undefined): ModelBudget[] {
    return this.budgets.filter(
      ({ models }) => models.length === 0 || model === undefined || models.includes(model),
    );
  }

  deposit(amount: bigint): void {
    this.deposited += amount;
  }

  withdraw(amount: bigint): boolean {
    if (amount > this.free) return false;
    this.deposited -= amount;
    return true;
  }

  acquire(id: string, wanted: bigint, minimum: bigint, model?: string): bigint | string {
    if (this.paused) return 'PROJECT_PAUSED';
    if (this.open().length >= this.maxOpen) return 'TOO_MANY_LEASES';
    const cap = minimum > this.tranche ? minimum : this.tranche;
    let amount = wanted < cap ? wanted : cap;
    const room = this.room(model);
    if (room < amount) amount = room;
    if (amount === 0n || amount < minimum) return 'BUDGET_EXCEEDED';
    this.leases.set(id, {
      budgets: this.applying(model),
      state: 'PENDING',
      amount,
      used: 0n,
      late: 0n,
      charged: 0n,
      seq: 0,
    });
    return amount;
  }

  settle(
    id: string,
    cost: bigint,
    final: boolean,
    model: string,
  ): { late: bigint; returned: bigint } {
    const lease = this.must(id);
    lease.seq++;
    for (const budget of this.applying(model)) budget.settled += cost;
    let rest = cost;
    const explained = rest < lease.charged ? rest : lease.charged;
    lease.charged -= explained;
    lease.used += explained;
    for (const budget of lease.budgets) budget.settled -= explained;
    rest -= explained;
    const isOpen = lease.state === 'PENDING' || lease.state === 'EXPIRED_HOLD';
    const room = isOpen ? lease.amount - lease.used : 0n;
    const covered = rest < room ? rest : room;
    lease.used += covered;
    lease.late += rest - covered;
    this.spent += rest;
    if (!final || !isOpen) return { late: rest - covered, returned: 0n };
    lease.state = 'SETTLED';
    return { late: rest - covered, returned: lease.amount - lease.used };
  }

  revoke(id: string): boolean {
    const lease = this.must(id);
    if (lease.state === 'REVOKED') return true;
    if (lease.state !== 'PENDING' && lease.state !== 'EXPIRED_HOLD') return false;
    lease.state = 'REVOKED';
    return true;
  }

  /** Every open lease is past its TTL, and if `grace` also past its grace time. */
  expireAll(grace: boolean): void {
    for (const lease of this.open()) {
      if (!grace) {
        lease.state = 'EXPIRED_HOLD';
      } else if (this.expiry === 'return') {
        lease.state = 'RETURNED';
      } else {
        lease.state = 'CHARGED';
        lease.charged = lease.amount - lease.used;
        this.spent += lease.charged;
        for (const budget of lease.budgets) budget.settled += lease.charged;
      }
    }
  }

  private open(): ModelLease[] {
    return [...this.leases.values()].filter(
      ({ state }) => state === 'PENDING' || state === 'EXPIRED_HOLD',
    );
  }

  private must(id: string): ModelLease {
    const lease = this.leases.get(id);
    if (!lease) throw new Error(`the model has no lease ${id}`);
    return lease;
  }
}
