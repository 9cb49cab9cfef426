// The SQL that tells which place a leaf is in, for leaves asked for in their order.

import type { Uuid } from '#kernel';
import type { Queryable } from '#platform';

interface Place {
  readonly firstLeaf: number;
  readonly end: number;
  readonly bundleId: Uuid;
}

const PLACES_PAGE = 1_000;

export class PlaceCursor {
  readonly #queryable: Queryable;
  #page: readonly Place[] = [];
  #at = 0;

  constructor(queryable: Queryable) {
    this.#queryable = queryable;
  }

  /** Undefined where no place has the leaf. Leaves are asked for as they rise. */
  async placeOf(leaf: number): Promise<Place | undefined> {
    while (this.#at < this.#page.length && (this.#page[this.#at]?.end ?? 0) <= leaf) this.#at += 1;
    if (this.#at === this.#page.length) await this.#readFrom(leaf);
    const place = this.#page[this.#at];
    return place !== undefined && place.firstLeaf <= leaf && leaf < place.end ? place : undefined;
  }

  async #readFrom(leaf: number): Promise<void> {
    const rows = await this.#queryable.query<[number, number, Uuid]>({
      name: 'audit.verify_places_of',
      text: `select p.first_leaf::float8, p.leaf_count, p.bundle_id from audit.places p
        where p.first_leaf >= coalesce(
          (select max(b.first_leaf) from audit.places b where b.first_leaf <= $1), 0)
        order by p.first_leaf limit $2`,
      values: [leaf, PLACES_PAGE],
      rowMode: 'array',
    });
    this.#at = 0;
    this.#page = rows.map(([firstLeaf, leafCount, bundleId]) => {
      return { firstLeaf, end: firstLeaf + leafCount, bundleId };
    });
  }
}
