// Lists as async iterators: the next page is asked for when the one before is used up.

interface Page<Item> {
  readonly data: readonly Item[];
  readonly next_cursor: string | null;
}

/** Where to go on; without members at the beginning. To be spread into the query. */
interface Next {
  readonly cursor?: string;
}

type List<Found> = (next: Next) => Promise<Found>;

/** Every page: `pages((next) => client.listTransfers({ query: { limit: 100, ...next } }))`. */
export async function* pages<Found extends Page<unknown>>(
  list: List<Found>,
): AsyncGenerator<Found, void, undefined> {
  let page = await list({});
  yield page;
  while (page.next_cursor !== null) {
    page = await list({ cursor: page.next_cursor });
    yield page;
  }
}

/** Every item, in the list's order. */
export async function* items<Item>(list: List<Page<Item>>): AsyncGenerator<Item, void, undefined> {
  for await (const { data } of pages(list)) yield* data;
}
