import { newId } from '../../src/kernel/ids.js';
import { call, Installation } from '../harness/installation.js';

describe('figures for Prometheus', () => {
  it('count what the ledger commits and refuses, and are read from this machine only', async () => {
    const site = await Installation.start({ trustedProxies: ['127.0.0.1'] });
    try {
      const project = await site.project({ deposit: '1' });
      const sessionId = await site.session(project.key);
      for (const minimum of ['0.5', '5']) {
        await site.as(project.key, 'POST', '/v1/sdk/leases', {
          leaseId: newId(),
          sessionId,
          wanted: '5',
          minimum,
        });
      }
      const { status, body } = await call<string>(site.url, 'GET', '/metrics');
      expect(status).toBe(200);
      expect(body).toContain('iron_cage_ledger_refusals_total{code="BUDGET_EXCEEDED"} 1');
      expect(body).toMatch(/iron_cage_ledger_batch_commands_count 3\n/);
      expect(body).not.toContain(project.key);
      const far = await call(site.url, 'GET', '/metrics', {
        headers: { 'x-forwarded-for': '203.0.113.7' },
      });
      expect(far).toMatchObject({ status: 403, body: { error: { code: 'FORBIDDEN' } } });
    } finally {
      await site.stop();
    }
  });

  it('are for whoever has the token, once there is one', async () => {
    const site = await Installation.start({ metricsToken: 'a-token-for-prometheus' });
    try {
      expect((await call(site.url, 'GET', '/metrics')).status).toBe(403);
      expect(
        (await call(site.url, 'GET', '/metrics', { token: 'a-token-for-prometheuS' })).status,
      ).toBe(403);
      expect(
        (await call(site.url, 'GET', '/metrics', { token: 'a-token-for-prometheus' })).status,
      ).toBe(200);
    } finally {
      await site.stop();
    }
  });
});
