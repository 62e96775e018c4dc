import { Attempt } from './attempt';

describe('Attempt', () => {
  it('keeps the id for a retry and changes it for another transfer', () => {
    const attempt = new Attempt();
    const first = attempt.requestId('10', 'topping up');
    expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(attempt.requestId('10', 'topping up')).toBe(first);
    expect(attempt.requestId('11', 'topping up')).not.toBe(first);
  });
});
