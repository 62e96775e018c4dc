import type { Emit } from '../core/events.js';
import type { SeenUsage } from '../providers/call-plan.js';
import type { MeteredCall } from './metered-call.js';

/** How far a model counted more than its bound: so much more is set aside from then on. */
export class Calibration {
  readonly #emit: Emit;
  readonly #factors = new Map<string, number>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  factorOf(model: string): number {
    return this.#factors.get(model) ?? 1;
  }

  learn(call: MeteredCall, usage: SeenUsage): void {
    call.countInput();
    const { model } = call;
    const excess = call.excess(usage);
    if (excess <= 1) return;
    this.#factors.set(model, this.factorOf(model) * excess * 1.05);
    this.#emit('warning', {
      code: 'BOUND_EXCEEDED',
      message:
        `${model} counted ${excess.toFixed(2)} times the input that was expected at most; ` +
        'from now on more is set aside for it.',
    });
  }
}
