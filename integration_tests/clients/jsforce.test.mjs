// jsforce, which others wrote and many use, against the Salesforce stand-in at SALESFORCE_URL with
// the credentials SALESFORCE_AUTH. Run by jsforce_client.py.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import jsforce from 'jsforce';

const VERSION = '65.0';
const KEY = 'CustomerIO_Id__c';

const instanceUrl = process.env.SALESFORCE_URL;
const auth = JSON.parse(process.env.SALESFORCE_AUTH);
const oauth2 = {
  loginUrl: instanceUrl,
  clientId: auth.refresh_token.client_id,
  clientSecret: auth.refresh_token.client_secret,
};
const connection = new jsforce.Connection({ instanceUrl, oauth2, version: VERSION });
await connection.authorize({ grant_type: 'client_credentials' });
const contacts = connection.sobject('Contact');

const people = (count, start = 0) =>
  Array.from({ length: count }, (_, at) => ({
    [KEY]: `js-${start + at}`,
    LastName: `Ōsei "the ${start + at}th"`,
    Email: `js${start + at}@example.com`,
  }));

const keysOf = (records) => records.map((record) => record[KEY]).sort();

async function keysInOrg() {
  const found = await connection.query(`SELECT ${KEY} FROM Contact WHERE ${KEY} LIKE 'js-%'`, {
    autoFetch: true,
    maxFetch: 100_000,
  });
  return keysOf(found.records);
}

async function removeAll() {
  const found = await contacts.find({ [KEY]: { $like: 'js-%' } }, ['Id']).maxFetch(100_000);
  const results = await contacts.destroy(
    found.map((record) => record.Id),
    { allowRecursive: true },
  );
  assert.ok(results.every((result) => result.success));
}

test('describe shows what a connector needs to know', async () => {
  const all = await connection.describeGlobal();
  const contact = await contacts.describe();
  const flags = Object.fromEntries(contact.fields.map((field) => [field.name, field]));

  assert.ok(all.sobjects.some((each) => each.name === 'CustomerIO_Membership__c'));
  assert.equal(contact.keyPrefix, '003');
  assert.deepEqual(
    [flags[KEY].externalId, flags[KEY].unique, flags[KEY].idLookup],
    [true, true, true],
  );
  assert.deepEqual([flags.Email.externalId, flags.Email.idLookup], [false, true]);
  assert.equal(flags.Score__c.updateable, false);
  assert.deepEqual(
    flags.LTV_Tier__c.picklistValues.map((each) => each.value),
    ['low', 'med', 'high'],
  );
});

test('identity names the integration user', async () => {
  const user = await connection.identity();

  assert.equal(user.username, auth.jwt_bearer.username);
});

test('an expired session is renewed by the refresh token', async () => {
  const stale = new jsforce.Connection({
    instanceUrl,
    oauth2,
    accessToken: 'expired',
    refreshToken: auth.refresh_token.refresh_token,
    version: VERSION,
  });

  const limits = await stale.limits();

  assert.ok(limits.DailyApiRequests.Remaining > 0);
  assert.notEqual(stale.accessToken, 'expired');
});

test('a wrong secret is refused in OAuth\'s words', async () => {
  const wrong = new jsforce.OAuth2({ ...oauth2, clientSecret: 'wrong' });

  await assert.rejects(wrong.requestToken({ grant_type: 'client_credentials' }), {
    name: 'invalid_client',
    message: 'invalid client credentials',
  });
});

test('one record is created, retrieved, updated, upserted and deleted', async () => {
  const created = await contacts.create({ LastName: 'One', [KEY]: 'js-one' });
  await contacts.update({ Id: created.id, Title: 'Head of One' });
  const upserted = await contacts.upsert({ [KEY]: 'js-one', LastName: 'Uno' }, KEY);
  const record = await contacts.retrieve(created.id);
  const deleted = await contacts.destroy(created.id);

  assert.equal(created.success, true);
  assert.equal(upserted.success, true);
  assert.deepEqual([record.LastName, record.Title], ['Uno', 'Head of One']);
  assert.equal(deleted.success, true);
  await assert.rejects(contacts.retrieve(created.id), { errorCode: /NOT_FOUND|ENTITY_IS_DELETED/ });
});

test('records are upserted through Collections, row by row, in any number', async () => {
  const first = await contacts.upsert(people(450), KEY, { allOrNone: false, allowRecursive: true });
  const second = await contacts.upsert(
    [...people(1), { [KEY]: 'js-bad', LastName: 'Bad', Email: 'nonsense' }, ...people(1, 450)],
    KEY,
    { allOrNone: false },
  );

  assert.equal(first.length, 450);
  assert.ok(first.every((result) => result.success && result.created));
  assert.deepEqual(
    second.map((result) => [result.success, result.created]).filter((_, at) => at !== 1),
    [[true, false], [true, true]],
  );
  assert.equal(second[1].success, false);
  assert.equal(second[1].errors[0].statusCode, 'INVALID_EMAIL_ADDRESS');
  assert.deepEqual(await keysInOrg(), keysOf(people(451)));
  await removeAll();
  assert.deepEqual(await keysInOrg(), []);
});

test('query results come in pages', async () => {
  await contacts.upsert(people(450), KEY, { allowRecursive: true });
  const soql = `SELECT ${KEY}, Account.Name FROM Contact WHERE ${KEY} LIKE 'js-%' ORDER BY ${KEY}`;

  const page = await connection.query(soql, { headers: { 'Sforce-Query-Options': 'batchSize=200' } });
  const records = [...page.records];
  let next = page;
  while (!next.done) {
    next = await connection.queryMore(next.nextRecordsUrl);
    records.push(...next.records);
  }

  assert.deepEqual([page.totalSize, page.done, page.records.length], [450, false, 200]);
  assert.deepEqual(keysOf(records), keysOf(people(450)));
  assert.equal(records[0].attributes.type, 'Contact');
  assert.equal(records[0].Account, null);
  await removeAll();
});

test('refused queries arrive with their code', async () => {
  await assert.rejects(connection.query('SELECT Nmae FROM Contact'), { errorCode: 'INVALID_FIELD' });
  await assert.rejects(connection.query('SELECT Id FROM'), { errorCode: 'MALFORMED_QUERY' });
});

test('Bulk 2.0 loads records and tells the refused ones', async () => {
  const loaded = await connection.bulk2.loadAndWaitForResults({
    object: 'Contact',
    operation: 'upsert',
    externalIdFieldName: KEY,
    input: [...people(600), { [KEY]: 'js-bad', LastName: 'Bad', Email: 'nonsense' }],
    pollInterval: 50,
    pollTimeout: 30_000,
  });

  assert.deepEqual(keysOf(loaded.successfulResults), keysOf(people(600)));
  assert.ok(loaded.successfulResults.every((row) => row.sf__Created === 'true'));
  assert.deepEqual(keysOf(loaded.failedResults), ['js-bad']);
  assert.match(loaded.failedResults[0].sf__Error, /^INVALID_EMAIL_ADDRESS:/);
  assert.deepEqual(loaded.unprocessedRecords, []);
  assert.deepEqual(await keysInOrg(), keysOf(people(600)));
});

test('Bulk 2.0 clears a field by null and leaves one by its absence', async () => {
  const input = [{ [KEY]: 'js-0', Email: null }];
  const options = { object: 'Contact', operation: 'upsert', externalIdFieldName: KEY };
  await connection.bulk2.loadAndWaitForResults({ ...options, input, pollInterval: 50 });

  const [record] = await contacts.find({ [KEY]: 'js-0' }, ['Email', 'LastName']);

  assert.equal(record.Email, null);
  assert.equal(record.LastName, people(1)[0].LastName);
});

test('Bulk 2.0 query streams what is there', async () => {
  connection.bulk2.pollInterval = 50;
  const stream = await connection.bulk2.query(
    `SELECT ${KEY}, LastName FROM Contact WHERE ${KEY} LIKE 'js-%'`,
  );
  const records = await stream.toArray();

  assert.deepEqual(keysOf(records), keysOf(people(600)));
  assert.deepEqual(new Set(records.map((record) => record.LastName)).size, 600);
});

test('Bulk 2.0 deletes what it is told to', async () => {
  const found = await contacts.find({ [KEY]: { $like: 'js-%' } }, ['Id']).maxFetch(100_000);
  const deleted = await connection.bulk2.loadAndWaitForResults({
    object: 'Contact',
    operation: 'delete',
    input: found.map(({ Id }) => ({ Id })),
    pollInterval: 50,
  });

  assert.equal(deleted.successfulResults.length, 600);
  assert.deepEqual(await keysInOrg(), []);
});
