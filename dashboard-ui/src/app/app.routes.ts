import type { Routes } from '@angular/router';
import { loginOnly, setupOnly, signedInOnly } from './session/guards';

const project: Routes = [
  {
    path: '',
    loadComponent: () => import('./pages/project/project-usage').then((m) => m.ProjectUsage),
  },
  {
    path: 'keys',
    loadComponent: () => import('./pages/project/project-keys').then((m) => m.ProjectKeys),
  },
  {
    path: 'secrets',
    loadComponent: () => import('./pages/project/project-secrets').then((m) => m.ProjectSecrets),
  },
  {
    path: 'ledger',
    loadComponent: () => import('./pages/project/project-ledger').then((m) => m.ProjectLedger),
  },
  {
    path: 'budgets',
    loadComponent: () => import('./pages/project/project-budgets').then((m) => m.ProjectBudgets),
  },
  {
    path: 'policy',
    loadComponent: () => import('./pages/project/project-policy').then((m) => m.ProjectPolicy),
  },
];

const pages: Routes = [
  {
    path: '',
    pathMatch: 'full',
    title: 'Overview',
    loadComponent: () => import('./pages/overview/overview').then((m) => m.Overview),
  },
  {
    path: 'start',
    title: 'Get started',
    loadComponent: () => import('./pages/start/start').then((m) => m.Start),
  },
  {
    path: 'projects',
    title: 'Projects',
    loadComponent: () => import('./pages/projects/projects').then((m) => m.Projects),
  },
  {
    path: 'projects/:projectId',
    title: 'Projects',
    loadComponent: () => import('./pages/project/project').then((m) => m.Project),
    children: project,
  },
  {
    path: 'budgets',
    title: 'Budgets',
    loadComponent: () => import('./pages/budgets/budgets').then((m) => m.Budgets),
  },
  {
    path: 'budgets/requests',
    title: 'Decided requests',
    loadComponent: () => import('./pages/budgets/decided-requests').then((m) => m.DecidedRequests),
  },
  {
    path: 'leases',
    title: 'Leases',
    loadComponent: () => import('./pages/leases/leases').then((m) => m.Leases),
  },
  {
    path: 'agents',
    title: 'Agents',
    loadComponent: () => import('./pages/sessions/sessions').then((m) => m.Sessions),
  },
  {
    path: 'alerts',
    title: 'Alerts',
    loadComponent: () => import('./pages/alerts/alerts').then((m) => m.Alerts),
  },
  {
    path: 'keys',
    title: 'Keys',
    loadComponent: () => import('./pages/keys/keys').then((m) => m.Keys),
  },
  {
    path: 'vault',
    title: 'Vault',
    loadComponent: () => import('./pages/vault/vault').then((m) => m.Vault),
  },
  {
    path: 'members',
    title: 'Members',
    loadComponent: () => import('./pages/admin/members').then((m) => m.Members),
  },
  {
    path: 'prices',
    title: 'Prices',
    loadComponent: () => import('./pages/prices/prices').then((m) => m.Prices),
  },
  {
    path: 'audit',
    title: 'Audit',
    loadComponent: () => import('./pages/admin/audit').then((m) => m.Audit),
  },
  {
    path: 'settings',
    title: 'Settings',
    loadComponent: () => import('./pages/admin/settings').then((m) => m.Settings),
  },
  {
    path: '**',
    title: 'Not found',
    loadComponent: () => import('./pages/not-found').then((m) => m.NotFound),
  },
];

export const routes: Routes = [
  {
    path: 'login',
    title: 'Sign in',
    canActivate: [loginOnly],
    loadComponent: () => import('./pages/entry/login').then((m) => m.Login),
  },
  {
    path: 'setup',
    title: 'Set-up',
    canActivate: [setupOnly],
    loadComponent: () => import('./pages/entry/setup').then((m) => m.Setup),
  },
  {
    path: '',
    canActivate: [signedInOnly],
    loadComponent: () => import('./shell/shell').then((m) => m.Shell),
    children: pages,
  },
];
