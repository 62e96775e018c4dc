import { BlockList, isIP } from 'node:net';

const PREFIX = /^(0|[1-9]\d{0,2})$/;

/** An IPv4 or IPv6 address, or a CIDR range of them: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`. */
export function isAddressRange(text: string): boolean {
  const [address = '', prefix, more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || more !== undefined) return false;
  return prefix === undefined || (PREFIX.test(prefix) && Number(prefix) <= bitsOf(version));
}

/** A set of address ranges. IPv4 addresses written as IPv6 (`::ffff:192.0.2.1`) are the IPv4 addresses that they are. */
export class AddressRanges {
  private readonly list = new BlockList();

  /** @param ranges texts that {@link isAddressRange} accepts; others are ignored and so include nothing */
  constructor(ranges: readonly string[]) {
    for (const range of ranges.filter(isAddressRange)) {
      const [address = '', prefix] = range.split('/');
      const version = isIP(address);
      this.list.addSubnet(address, Number(prefix ?? bitsOf(version)), familyOf(version));
    }
  }

  /** @returns false also for what is no address at all */
  includes(ip: string): boolean {
    const [address = ''] = ip.split('%');
    const version = isIP(address);
    return version !== 0 && this.list.check(address, familyOf(version));
  }
}

function bitsOf(version: number): number {
  return version === 4 ? 32 : 128;
}

function familyOf(version: number): 'ipv4' | 'ipv6' {
  return version === 4 ? 'ipv4' : 'ipv6';
}
