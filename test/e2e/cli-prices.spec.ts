import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCli } from '../harness/command-line.js';
import { Installation, OWNER, type ProjectFixture } from '../harness/installation.js';

let site: Installation;
let home: string;
let project: ProjectFixture;

/** @returns what it printed as JSON */
async function cli(...args: string[]): Promise<unknown> {
  const { code, out, err } = await runCli([...args, '--json'], {
    XDG_CONFIG_HOME: home,
    IRON_CAGE_URL: site.url,
    IRON_CAGE_EMAIL: OWNER.email,
    IRON_CAGE_PASSWORD: OWNER.password,
  });
  if (code !== 0) throw new Error(`${args.join(' ')}: ${code} ${err}`);
  return JSON.parse(out);
}

const because = ['--reason', 'agreed'];
const rates = ['--input', '1', '--output', '2'];

beforeAll(async () => {
  home = mkdtempSync(path.join(tmpdir(), 'ic-cli-prices-'));
  site = await Installation.start();
  project = await site.project({ name: 'Research' });
});
afterAll(async () => {
  await site.stop();
  rmSync(home, { recursive: true, force: true });
});

describe('what a command of prices sets for a project', () => {
  it('is of that project: mark-up and ceiling', async () => {
    await cli('prices', 'markup', '2.5', '--project', 'Research', ...because);
    await cli('prices', 'ceiling', ...rates, '--project', 'Research', ...because);
    expect(await site.must('GET', '/v1/prices/terms')).toMatchObject({
      markups: [{ projectId: project.id, basisPoints: 250 }],
      ceilings: [{ projectId: project.id }],
    });
  });

  it('is of that project: own rates, wherever the option stands', async () => {
    const words = [['openai', 'mine-1', '--project', 'Research'], ['--project', 'Research', 'openai', 'mine-2']]; // prettier-ignore
    for (const placed of words)
      expect(await cli('prices', 'override', ...placed, ...rates, ...because)).toMatchObject({
        projectId: project.id,
      });
  });

  it('is shown for that project alone, next to what the organization has', async () => {
    const other = await site.project({ name: 'Other' });
    await cli('prices', 'markup', '1', ...because);
    await cli('prices', 'markup', '7', '--project', 'Other', ...because);
    expect(await cli('prices', 'terms', '--project', 'Other')).toMatchObject({
      markups: expect.not.arrayContaining([expect.objectContaining({ projectId: project.id })]),
    });
    await cli('prices', 'override', 'openai', 'theirs', '--project', 'Other', ...rates, ...because);
    expect(await cli('prices', 'overrides', '--project', 'Other')).toMatchObject({
      items: [{ projectId: other.id, model: 'theirs' }],
    });
    await expect(cli('prices', 'recompute', '--project', 'Nobody')).rejects.toThrow('Nobody');
  });

  it('is in the list of prices, with the word `list` or without', async () => {
    await cli('prices', 'markup', '7', '--project', 'Other', ...because);
    const words = ['--search', 'gpt-5-mini', '--provider', 'openai'];
    const own = await cli('prices', 'list', ...words, '--project', 'Other');
    expect(own).toMatchObject({ markupBasisPoints: 700 });
    expect(await cli('prices', ...words, '--project', 'Other')).toEqual(own);
    expect(await cli('prices', ...words)).not.toEqual(own);
  });
});
