import { ChatOpenAI } from '@langchain/openai';

import { MINI, nanoTotal, REAL_OPENAI_KEY, startRig, type Rig } from './rig.js';

describe('the vertical path', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
  });
  afterEach(async () => {
    await rig.close();
    expect(rig.server.problems).toEqual([]);
  });

  it('runs a LangChain call on a leased budget and settles exactly what the provider bills', async () => {
    const model = new ChatOpenAI({
      model: MINI,
      apiKey: rig.environment['OPENAI_API_KEY'] ?? '',
      configuration: { baseURL: `${rig.provider.url}/v1`, fetch: rig.cage.fetch },
    });
    const answer = await model.invoke('Say hello.');
    expect(answer.content).toBe('Answer number 1.');
    await rig.cage.close();
    const { records, totalNano } = rig.provider.bill();
    expect(records.map(({ apiKey }) => apiKey)).toEqual([REAL_OPENAI_KEY]);
    expect(rig.server.spentNano).toBe(totalNano);
    expect(nanoTotal(rig.server.records)).toBe(totalNano);
    expect(rig.server.openLeases).toEqual([]);
  });
});
