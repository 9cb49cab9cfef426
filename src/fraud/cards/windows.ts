// Owns the windows of the features of card transactions, which the definitions and the quick way
// over columns must have in common.

export const DAY_S = 86_400;
export const MINOR_PER_UNIT = 100;

/** The Handbook's: a fraud at a terminal is known a week later, and not before. */
export const LABEL_DELAY_S = 7 * DAY_S;
export const WINDOW_DAYS = [1, 7, 30] as const;

/** The latest amounts of a customer that the quantiles are of. */
export const LATEST_AMOUNTS = 100;
/** How far back a row of frauds at a terminal is followed. */
export const STREAK_MAX = 50;
/** The latest labelled transactions of a terminal. */
export const LATEST_LABELLED = 3;
