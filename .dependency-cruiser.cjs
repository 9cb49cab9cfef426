// Holds the direction of dependencies. The table below is the law: a context imports itself and
// what its row names, by name and only through its index, and nothing calls up. Each rule has a
// planted violation in the probe: a rule that stops firing turns the check red.

const { Visitor } = require('@swc/core/Visitor.js');

// swc's parser knows `using`, its visitor of the tree does not yet, and stops at it.
const { visitStatement } = Visitor.prototype;
Visitor.prototype.visitStatement = function visit(statement) {
  if (statement.type !== 'UsingDeclaration') {
    return visitStatement.call(this, statement);
  }
  this.visitVariableDeclarators(statement.decls);
  return statement;
};

/** context -> the contexts it may import. Rows for contexts to come cost nothing. */
const mayImport = {
  kernel: [],
  platform: ['kernel'],
  audit: ['kernel', 'platform'],
  identity: ['kernel', 'platform', 'audit'],
  gateway: ['kernel', 'platform', 'audit', 'identity'],
  ledger: ['kernel', 'platform', 'audit', 'gateway'],
  accounts: ['kernel', 'platform', 'audit', 'identity', 'gateway', 'ledger'],
  fraud: ['kernel', 'platform', 'audit', 'gateway', 'ledger', 'accounts'],
  payments: ['kernel', 'platform', 'audit', 'gateway', 'ledger', 'accounts', 'fraud'],
  cards: ['kernel', 'platform', 'audit', 'gateway', 'ledger', 'accounts', 'fraud'],
  documents: ['kernel', 'platform', 'audit', 'gateway', 'ledger', 'accounts', 'payments', 'cards'],
  reporting: ['kernel', 'platform', 'audit', 'gateway', 'ledger', 'accounts', 'payments', 'cards'],
  webhooks: ['kernel', 'platform', 'audit', 'gateway'],
};

/** What may be imported from outside a context: its index, and what it offers to tests. */
const doors = '^src/[^/]+/((index|testing|database/testing|database/test-server)[.]ts$|testing/)';

/** A test, or what only tests use. */
const testFiles = '([.]test|/testing|-testing|/test-server)[.]ts$|/testing/';
const tests = `${testFiles}|^conformance/|^src/simulation/`;

/** Files that describe HTTP: they may speak of schemas and routes in the framework's words. */
const httpFiles = '^src/gateway/|(^|[/-])(routes|schemas?)[.]ts$';
const httpPackages = 'node_modules/(fastify|@fastify|typebox)/';

const production = '^(src|cli)/';
const everything = '^(src|cli|tools|bench|conformance|examples)/';

const directions = Object.entries(mayImport).map(([context, others]) => ({
  name: `direction-${context}`,
  comment: `${context} may import ${others.join(', ') || 'no other context'}: nothing calls up.`,
  severity: 'error',
  from: { path: `^src/${context}/` },
  to: {
    path: '^src/',
    pathNot:
      context === 'kernel'
        ? '^src/kernel/'
        : `^src/(${[context, ...others].join('|')})/|^src/config/`,
  },
}));

module.exports = {
  forbidden: [
    ...directions,
    {
      name: 'known-context',
      comment: 'A folder of src that the direction table does not name obeys no direction.',
      severity: 'error',
      from: {
        path: '^src/[^/]+/',
        pathNot: `^src/(${[...Object.keys(mayImport), 'config', 'simulation'].join('|')})/`,
      },
      to: {},
    },
    {
      name: 'kernel-is-pure',
      comment: 'The kernel computes. Randomness for ids is the one thing it takes from outside.',
      severity: 'error',
      from: { path: '^src/kernel/', pathNot: tests },
      to: { pathNot: '^src/kernel/|^(node:)?crypto$' },
    },
    {
      name: 'config-is-below',
      comment:
        'Every context reads the settings, so the settings can know no context but the kernel.',
      severity: 'error',
      from: { path: '^src/config/', pathNot: tests },
      to: { path: '^src/', pathNot: '^src/(kernel|config)/' },
    },
    {
      name: 'only-through-index',
      comment: 'What a context publishes stands in its index; the rest is its own business.',
      severity: 'error',
      // The simulation proves the insides right, so it sees them.
      from: { path: '^src/([^/]+)/', pathNot: '^src/simulation/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', doors] },
    },
    {
      name: 'only-through-index-from-outside',
      comment: 'The composition root and the tools use what a context publishes, as contexts do.',
      severity: 'error',
      // Conformance, as the simulation, proves the insides right, so it sees them.
      from: { path: '^src/[^/]+[.]ts$|^(cli|tools|bench|examples)/' },
      to: { path: '^src/[^/]+/', pathNot: doors },
    },
    {
      name: 'contexts-by-name',
      comment: 'Another context is imported by its name (#ledger), never by the way to its folder.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/index[.]ts$', pathNot: '^src/$1/', dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'no-vendor-outside-platform',
      comment: 'Contexts know ports, never vendors; a vendor is wrapped once, in platform.',
      severity: 'error',
      from: { path: `${production}|^(bench|examples)/`, pathNot: ['^src/platform/', tests] },
      to: { path: 'node_modules/', pathNot: httpPackages },
    },
    {
      name: 'http-at-the-edge',
      comment: 'Use cases know nothing of HTTP: its packages belong to the gateway and to routes.',
      severity: 'error',
      from: {
        path: `${production}|^(bench|examples)/`,
        // What the gateway's cost is measured against is the bare framework.
        pathNot: [httpFiles, tests, '^bench/gateway/bare-server[.]mjs$'],
      },
      to: { path: httpPackages },
    },
    {
      name: 'no-test-in-production',
      comment: 'Tests, and what exists for them, are not there when the bank runs.',
      severity: 'error',
      from: { path: production, pathNot: tests },
      to: { path: testFiles },
    },
    {
      name: 'no-tools-in-production',
      comment: 'Tools, benchmarks and the simulation use the bank; it runs without them.',
      severity: 'error',
      from: { path: '^src/', pathNot: tests },
      to: { path: '^(tools|bench|conformance|examples|src/simulation)/' },
    },
    {
      name: 'no-development-dependency',
      comment: '"npm start" installs no development packages.',
      severity: 'error',
      from: { path: production, pathNot: tests },
      // Types vanish before the program runs, so their packages may be for development only.
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'declared-dependency',
      comment: 'A package that is there by chance, as part of another, may be gone tomorrow.',
      severity: 'error',
      from: { path: everything },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-cycle',
      comment: 'Two files that need each other are one file, or lack a third.',
      severity: 'error',
      from: { path: everything },
      to: { circular: true },
    },
    {
      name: 'everything-resolves',
      comment: 'An import that leads nowhere fails at run time, perhaps on a path no test takes.',
      severity: 'error',
      from: { path: everything },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // TypeScript 7 has no parser to lend, so swc reads the files.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
