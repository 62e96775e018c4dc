import type { Permission } from '../session/session';
import type { IconName } from '../ui/icons.gen';

export interface NavItem {
  readonly label: string;
  readonly path: string;
  readonly icon: IconName;
  /** Shown to those who may see the page. */
  readonly needs?: Permission;
}

export const NAV: readonly { group: string; items: readonly NavItem[] }[] = [
  {
    group: '',
    items: [
      { label: 'Overview', path: '/', icon: 'gauge' },
      { label: 'Projects', path: '/projects', icon: 'folder' },
      { label: 'Budgets', path: '/budgets', icon: 'chart-pie' },
      { label: 'Agents', path: '/agents', icon: 'bot' },
      { label: 'Leases', path: '/leases', icon: 'hand-coins' },
      { label: 'Alerts', path: '/alerts', icon: 'bell' },
    ],
  },
  {
    group: 'Access',
    items: [
      { label: 'Keys', path: '/keys', icon: 'key-round' },
      { label: 'Vault', path: '/vault', icon: 'lock' },
      { label: 'Members', path: '/members', icon: 'users' },
    ],
  },
  {
    group: 'Govern',
    items: [
      { label: 'Prices', path: '/prices', icon: 'tags' },
      { label: 'Audit', path: '/audit', icon: 'scroll-text', needs: 'audit:read' },
      { label: 'Settings', path: '/settings', icon: 'settings' },
    ],
  },
];

export const GET_STARTED: NavItem = { label: 'Get started', path: '/start', icon: 'rocket' };
