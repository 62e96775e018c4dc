/**
 * One after the other, for jobs that serve many organizations: what fails for one must not keep the others from their turn.
 *
 * @throws the first failure, at the end
 */
export async function eachInTurn<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) {
    await work(item).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
