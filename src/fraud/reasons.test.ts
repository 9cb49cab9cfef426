import assert from 'node:assert/strict';
import test from 'node:test';
import { widerFeatures } from './cards/features.ts';
import { isRuleReason, openReasonTeller, reasonCodes, reasonOfFeature } from './reasons.ts';

test('every feature of cards has the reason that a person expects', () => {
  const told = widerFeatures.features.map(({ name }) => `${name} ${reasonOfFeature(name)}`);
  assert.deepEqual(told, [
    'TX_AMOUNT amount_large',
    'TX_DURING_WEEKEND time_unusual',
    'TX_DURING_NIGHT time_unusual',
    'CUSTOMER_ID_NB_TX_1DAY_WINDOW velocity_unusual',
    'CUSTOMER_ID_AVG_AMOUNT_1DAY_WINDOW spending_unusual',
    'CUSTOMER_ID_NB_TX_7DAY_WINDOW velocity_unusual',
    'CUSTOMER_ID_AVG_AMOUNT_7DAY_WINDOW spending_unusual',
    'CUSTOMER_ID_NB_TX_30DAY_WINDOW velocity_unusual',
    'CUSTOMER_ID_AVG_AMOUNT_30DAY_WINDOW spending_unusual',
    'TERMINAL_ID_NB_TX_1DAY_WINDOW place_activity_unusual',
    'TERMINAL_ID_RISK_1DAY_WINDOW fraud_recent',
    'TERMINAL_ID_NB_TX_7DAY_WINDOW place_activity_unusual',
    'TERMINAL_ID_RISK_7DAY_WINDOW fraud_recent',
    'TERMINAL_ID_NB_TX_30DAY_WINDOW place_activity_unusual',
    'TERMINAL_ID_RISK_30DAY_WINDOW fraud_recent',
    'AMOUNT_TO_MEAN_30DAY amount_unusual',
    'AMOUNT_TO_MAX_30DAY amount_unusual',
    'AMOUNT_TO_MEDIAN_LAST_100 amount_unusual',
    'AMOUNT_TO_Q90_LAST_100 amount_unusual',
    'AMOUNT_Z_SCORE_30DAY amount_unusual',
    'CUSTOMER_HOURS_SINCE_PREVIOUS gap_unusual',
    'CUSTOMER_MEDIAN_LAST_100 amount_unusual',
    'TERMINAL_FRAUD_STREAK fraud_recent',
    'TERMINAL_FRAUD_STREAK_HOURS fraud_recent',
    'TERMINAL_FRAUD_SHARE_LAST_3 fraud_recent',
    'TX_HOUR time_unusual',
    'AVG_1DAY_TO_MEDIAN_LAST_100 amount_unusual',
    'AVG_7DAY_TO_MEDIAN_LAST_100 amount_unusual',
    'MAX_7DAY_TO_MEDIAN_LAST_100 amount_unusual',
    'CUSTOMER_NB_TX_1DAY_SHARE_OF_30DAY velocity_unusual',
    'AVG_7DAY_TO_AVG_30DAY amount_unusual',
    'TERMINAL_FRAUD_AVG_AMOUNT_30DAY fraud_recent',
    'TERMINAL_FRAUD_MIN_AMOUNT_30DAY fraud_recent',
    'AMOUNT_TO_TERMINAL_FRAUD_MEDIAN_30DAY fraud_recent',
    'TERMINAL_HOURS_BEFORE_FRAUD_STREAK fraud_recent',
  ]);
});

test('a feature that no reason describes is still told', () => {
  assert.equal(reasonOfFeature('shape_of_the_moon'), 'model_other');
});

test('contributions of one reason are added, what speaks against fraud is not told', () => {
  const tell = openReasonTeller([
    'TX_AMOUNT',
    'TX_HOUR',
    'TX_DURING_NIGHT',
    'TERMINAL_ID_RISK_1DAY_WINDOW',
  ]);
  assert.deepEqual(tell(Float64Array.of(-1, 0.5, 0.25, 2), 3), [
    { code: 'fraud_recent', contribution: 2 },
    { code: 'time_unusual', contribution: 0.75 },
  ]);
  assert.deepEqual(tell(Float64Array.of(0.5, 0.5, 0, 0), 1), [
    { code: 'time_unusual', contribution: 0.5 },
  ]);
  assert.deepEqual(tell(new Float64Array(4), 3), []);
});

test('the reasons of the engine are not for a rule to give', () => {
  const own = reasonCodes.filter((code) => !isRuleReason(code));
  assert.deepEqual(own, ['feature_missing', 'declines_limited', 'clock_implausible']);
});
