import { BurnRate } from '../../sdk/src/leases/burn-rate.js';

const TRANCHE = 500_000_000n;

describe('how much to borrow', () => {
  it('is an ordinary lease while nothing is known', () => {
    const burn = new BurnRate(1_000);
    expect(burn.tranche(TRANCHE, 1_000)).toBe(TRANCHE);
    expect(burn.tranche(TRANCHE, 60_999)).toBe(TRANCHE);
  });

  it('is what the last minute cost, between a tenth and the whole of an ordinary lease', () => {
    const burn = new BurnRate(0);
    burn.add(1n, 0);
    expect(burn.tranche(TRANCHE, 60_000)).toBe(TRANCHE / 10n);
    for (let second = 60; second < 120; second++) burn.add(4_000_000n, second * 1_000);
    expect(burn.tranche(TRANCHE, 119_999)).toBe(240_000_000n);
    burn.add(10_000_000_000n, 120_000);
    expect(burn.tranche(TRANCHE, 120_000)).toBe(TRANCHE);
  });

  it('forgets what is more than a minute ago, however long nothing happened', () => {
    const burn = new BurnRate(0);
    burn.add(TRANCHE, 30_000);
    expect(burn.tranche(TRANCHE, 89_000)).toBe(TRANCHE);
    expect(burn.tranche(TRANCHE, 95_000)).toBe(TRANCHE / 10n);
    burn.add(TRANCHE, 100_000);
    expect(burn.tranche(TRANCHE, 10_000_000)).toBe(TRANCHE / 10n);
  });
});
