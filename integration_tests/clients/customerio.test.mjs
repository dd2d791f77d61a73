// customerio-node, the vendor's own client, against the Customer.io stand-in at CUSTOMERIO_URL with
// the key APP_API_KEY. Run by customerio_client.py.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import customerio from 'customerio-node';

const { APIClient, CustomerIORequestError } = customerio;
const url = process.env.CUSTOMERIO_URL;
const client = new APIClient(process.env.APP_API_KEY, { url: `${url}/v1` });

const control = async (path, body) => {
  const options = body && { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(`${url}/__sandbox__/${path}`, options);
  assert.ok(answer.ok, await answer.clone().text());
  return answer.status === 204 ? null : answer.json();
};

async function every(read) {
  const found = [];
  let start;
  do {
    const page = await read(start);
    found.push(...(page.identifiers ?? page.activities ?? []));
    start = page.next;
  } while (start);
  return found;
}

const ids = (people) => people.map((person) => person.cio_id).sort();

test('segments are listed, counted and read page by page', async () => {
  const truth = await control('truth');
  const { segments } = await client.listSegments();

  assert.deepEqual(segments.map((segment) => segment.id), [7, 8, 9, 10, 11]);
  for (const { id } of segments) {
    const members = await every((start) => client.getSegmentMembership(id, { start, limit: 20 }));
    const { count } = await client.getSegmentCustomerCount(id);
    const { segment } = await client.getSegment(id);

    assert.deepEqual(ids(members), [...truth.segments[id]].sort());
    assert.equal(count, members.length);
    assert.equal(segment.id, id);
  }
});

test('people are searched for, looked up and read', async () => {
  const [{ cio_id: cioId }] = await control('workspace', [
    { op: 'create_person', email: 'Élan+x@example.com', id: 'u/ 1', attributes: { plan: 'gold' } },
  ]);
  const filter = { and: [{ attribute: { field: 'plan', operator: 'eq', value: 'gold' } }] };
  const found = await every((start) => client.searchCustomers(filter, { start, limit: 1 }));
  const { results } = await client.getCustomersByEmail('élan+X@example.com');
  const { customer } = await client.getAttributes('u/ 1', 'id');
  const { customers } = await client.getCustomersAttributes(['u/ 1', 'nobody']);
  const { segments } = await client.getCustomerSegments('u/ 1');

  assert.deepEqual(ids(found), [cioId]);
  assert.deepEqual(ids(results), [cioId]);
  assert.equal(customer.attributes.plan, 'gold');
  assert.deepEqual(customers.map((one) => one.identifiers.cio_id), [cioId]);
  assert.equal(segments, null);
});

test('activities are read page by page, newest first', async () => {
  const person = { id: 'u-active' };
  const events = [5, 3, 9, 1].map((minute) => (
    { op: 'track_event', person, name: 'opened', timestamp: 1_790_000_000 + 60 * minute }
  ));
  await control('workspace', [{ op: 'create_person', ...person }, ...events]);
  const options = { type: 'event', name: 'opened', limit: 3 };
  const all = await every((start) => client.listActivities({ ...options, start }));
  const theirs = await client.getCustomerActivities('u-active', { type: 'event' });

  const times = all.map((activity) => activity.timestamp);
  assert.deepEqual(times, [...times].sort((one, other) => other - one));
  assert.equal(times.length, 4);
  assert.equal(theirs.activities.length, 4);
});

test('a busy API is asked again, a wrong key and an unknown person are told', async () => {
  await control('faults', { action: { status: 429, headers: { 'Retry-After': '0' } }, times: 2 });
  assert.equal((await client.listSegments()).segments.length, 5);
  assert.deepEqual(await control('faults'), []);

  const stranger = new APIClient('wrong', { url: `${url}/v1` });
  const told = (status) => (error) =>
    error instanceof CustomerIORequestError && error.statusCode === status;
  await assert.rejects(stranger.listSegments(), told(401));
  await assert.rejects(client.getAttributes('nobody', 'id'), told(404));
});
