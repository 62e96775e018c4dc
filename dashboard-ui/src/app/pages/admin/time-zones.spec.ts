import { isTimeZone, timeZones } from './time-zones';

describe('time zones', () => {
  it('begin with UTC, which is there once', () => {
    const zones = timeZones();
    expect(zones[0]).toBe('UTC');
    expect(zones.filter((zone) => zone === 'UTC')).toHaveLength(1);
    expect(zones).toContain('Europe/Berlin');
  });

  it.each([
    ['Europe/Berlin', true],
    ['UTC', true],
    ['', false],
    ['Berlin', false],
    ['Europe/Atlantis', false],
  ])('%j is one: %s', (name, expected) => {
    expect(isTimeZone(name)).toBe(expected);
  });
});
