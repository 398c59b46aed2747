/** Whole deployments of processes give, to the row, what one process gives for the same module and site. */
import { describe, expect, it, onTestFinished } from 'vitest';
import handbook from '../../examples/handbook/handbook.ts';
import { startHandbookSite } from '../../examples/handbook/site.ts';
import shop from '../../examples/shop/shop.ts';
import { crashRunFaults } from '../../examples/shop/site/faults.ts';
import { startShopSite } from '../../examples/shop/site/site.ts';
import { FinishReason } from '../../libs/contracts/services.ts';
import type { ModuleDefinition } from '../../libs/modules/contract/definition.ts';
import {
  type Deployment,
  FIVE_SERVICES,
  type ServiceName,
  startDeployment,
} from '../fixtures/deployment/deployment.ts';
import { closedRun, itemsOfRun, submitRun } from '../fixtures/deployment/runs.ts';
import { itemsOf, run, startNode } from '../fixtures/flow.ts';

const PRODUCTS = 200;
const MODULES = ['examples/shop/shop.ts', 'examples/handbook/handbook.ts'];
/** What the flow tests' nodes have, too: neither limits nor robots, and quick retries. */
const QUICK = {
  CATENA_LIMITS_REQUESTS_PER_SECOND: '0',
  CATENA_LIMITS_CONCURRENCY_PER_HOST: '0',
  CATENA_ROBOTS_ENABLED: 'false',
};

/** The same site again: what fails in it depends on what it was asked before. */
async function faultyShop(): Promise<string> {
  const site = await startShopSite({ products: PRODUCTS, pageSize: 25, seed: 11, faults: crashRunFaults });
  onTestFinished(() => site.close());
  return site.url;
}

/** The items of a run in one process. */
async function inOneProcess(module: ModuleDefinition, input: unknown): Promise<string[]> {
  const node = startNode([module]);
  const { runId, end } = await run(node, module, input);
  expect(end).toMatchObject({ finishReason: 'completed', dead: 0 });
  return texts(await itemsOf(node, runId));
}

async function inDeployment(deployment: Deployment, module: ModuleDefinition, input: unknown): Promise<string[]> {
  const runId = await submitRun(deployment, module.id, input);
  const { end, nodes } = await closedRun(deployment, runId);
  expect(end).toMatchObject({ reason: FinishReason.COMPLETED, dead: 0 });
  expect(nodes).toMatchObject({ open: 0 });
  return texts((await itemsOfRun(deployment, runId)).map((item) => JSON.parse(item) as unknown));
}

/** Rows as sorted text: two runs agree when they hold the same rows as often. */
const texts = (items: readonly unknown[]): string[] => items.map((item) => JSON.stringify(item)).sort();

const DEPLOYMENTS: readonly (readonly [string, readonly ServiceName[]])[] = [
  ['five processes of one stage each', FIVE_SERVICES],
  ['two processes of all stages', ['all', 'all']],
];

describe.each(DEPLOYMENTS)('%s', (_, services) => {
  it('give the items of one process, from a shop that fails and from a book', async () => {
    const deployment = await startDeployment({ modules: MODULES, services, env: QUICK });
    onTestFinished(() => deployment.stop());

    const products = await inDeployment(deployment, shop, { base: await faultyShop() });
    expect(products).toHaveLength(PRODUCTS);
    expect(products).toEqual(await inOneProcess(shop, { base: await faultyShop() }));

    const book = await startHandbookSite();
    onTestFinished(() => book.close());
    const english = { base: book.url, languages: 'en-US' };
    const sections = await inDeployment(deployment, handbook, english);
    expect(sections.length).toBeGreaterThan(100);
    expect(sections).toEqual(await inOneProcess(handbook, english));
  });
});
