// What each article promises its readers, as rows: the same stories for every
// client, on both axioses, at the default mount and under /d/NAME.
import { createRouter, createStorage, readClaims } from './browser.mjs';
import { openNetwork } from './network.mjs';
import { axioses } from './packages.mjs';
import { assert, row, skip, until } from './rows.mjs';
import { administer, hashing, newUser, password, send } from './server.mjs';

export const page = '/test/user';
const LIVES = 3; // refreshes that a session must survive
const AT_ONCE = 10;

/** A browser with the page open; nobody is signed in. */
class Visit {
    constructor(place) {
        Object.assign(this, place);
        this.storage = createStorage();
        this.clock = 0; // what the page's clock shows at least
    }

    async begin() {
        this.network = await openNetwork(this.server);
        this.root = this.network.url + this.mount;
        this.direct = this.server.url + this.mount + this.client.prefix;
        this.reload();
    }

    /** The page anew: only localStorage is what it was. */
    reload() {
        this.app?.close?.();
        this.router = createRouter();
        this.app = this.client.create({ axios: axioses[this.axios],
            root: this.root, storage: this.storage, router: this.router,
            now: () => Math.max(Date.now(), this.clock) });
    }

    async signIn() {
        await hashing(async () => {
            this.user = await newUser(this.server);
            await this.app.signIn(this.user, password);
        });
        this.signedIn = Date.now(); // or earlier
        assert.equal(this.app.isSignedIn(), true);
        this.network.forget();
    }

    /** Until the server no longer takes the access token that the page has. */
    async accessEnds() {
        const access = this.app.access();
        const headers = this.client.shown(access);

        await this.server.expiry.next();
        // Who looks at the clock finds it dead too, and the next one alive.
        this.clock = readClaims(access).exp * 1000;
        await until('the access token expires', async () => {
            const reply = await send(this.direct + page, { headers,
                from: this.network.address });
            return reply.status === 401;
        });
    }

    refreshes() {
        return this.network.requests.filter((one) =>
            one.path.endsWith(this.client.refreshEnd));
    }

    atMost(count) {
        const made = this.network.requests.map((one) =>
            `${one.method} ${one.path} ${one.status}`);

        assert.ok(made.length <= count,
            `${made.length} requests, at most ${count}:\n${made.join('\n')}`);
    }

    end() {
        this.app?.close?.();
        this.network?.close();
        assert.deepEqual(this.network?.faults, []);
    }
}

// Each family has its own shape for the page's text.
const content = (data) => data?.message ?? data?.detail ?? data;

async function openWell(visit) {
    const data = content(await visit.app.open(page));
    assert.match(String(data), /^User content\.$/i);
}

/** How a page ended that could not be shown: its status, or undefined. */
async function openBadly(visit) {
    let data;

    try {
        data = await visit.app.open(page);
    } catch (error) {
        if (error.response === undefined)
            throw error;
        return error.response.status;
    }
    assert.equal(data, undefined);
    return undefined;
}

/** The session is over, and the page does then what its article says. */
async function isOver(visit) {
    const { most, over } = visit.client;

    visit.network.forget();
    assert.equal(await openBadly(visit), over.status);
    assert.equal(visit.app.isSignedIn(), over.signedIn);
    assert.equal(visit.router.at, over.at);
    visit.atMost(most.over);
}

/** What was sent as refresh token is what this client holds by its bugs. */
function sentAsKept(visit, first) {
    const { field, sends } = visit.client;
    const sent = visit.refreshes().map((one) => one.json[field]);
    const got = visit.refreshes().map((one) => JSON.parse(one.text)[field]);

    if (sends === 'first')
        assert.deepEqual([...new Set(sent)], [first]);
    else
        assert.deepEqual(sent, [first, ...got.slice(0, -1)]);
}

export async function lives(visit) {
    const { client, network } = visit;
    let first;

    for (let life = 1; life <= LIVES; life++) {
        await visit.accessEnds();
        await openWell(visit);
        first ??= visit.refreshes()[0].json[client.field];
        visit.atMost(life * client.most.page);
    }
    assert.ok(visit.refreshes().length >= LIVES);
    assert.equal(visit.app.isSignedIn(), true);
    sentAsKept(visit, first);
    network.forget();
}

async function tenAtOnce(visit) {
    await visit.accessEnds();
    await Promise.all(Array.from({ length: AT_ONCE }, () => openWell(visit)));
    visit.atMost(AT_ONCE * visit.client.most.page);
    await visit.accessEnds();
    await openWell(visit);
    assert.equal(visit.app.isSignedIn(), true);
}

async function postedOnce(visit) {
    await visit.accessEnds();
    const reply = await visit.app.add('tea');
    assert.equal(reply.status, 201);
    const todos = await visit.app.open('/todos');
    assert.deepEqual(todos.map((todo) => todo.title ?? todo), ['tea']);
}

async function reloaded(visit) {
    visit.reload();
    await visit.app.load?.();
    assert.equal(visit.app.isSignedIn(), true);
    await openWell(visit);
    assert.equal(visit.refreshes().length, 0);
    await visit.accessEnds();
    // The guard of seed 002 has rows of its own.
    if (visit.app.load === undefined)
        visit.reload();
    await openWell(visit);
    assert.equal(visit.app.isSignedIn(), true);
}

async function signedOut(visit) {
    visit.app.signOut();
    assert.equal(visit.app.isSignedIn(), false);
    visit.reload();
    assert.equal(visit.app.isSignedIn(), false);
    assert.equal(await openBadly(visit), visit.mount === '' ?
        visit.client.outAtOwn ?? visit.client.out : visit.client.out);
    assert.equal(visit.app.isSignedIn(), false);
    visit.atMost(visit.client.most.out);
    visit.network.forget();
    await hashing(() => visit.app.signIn(visit.user, password));
    await openWell(visit);
}

async function refused(visit) {
    visit.app.signOut();
    await hashing(() => visit.app.signIn(visit.user, 'not this one'))
        .catch(() => {});
    assert.equal(visit.app.isSignedIn(), false);
    visit.atMost(visit.client.most.wrong);
}

async function wrongRole(visit) {
    const error = await visit.app.open('/test/mod').then(
        () => assert.fail('it was shown'), (reason) => reason);

    assert.equal(error.response.status, 403);
    visit.atMost(1);
}

async function refreshEnds(visit) {
    const { most } = visit.client;

    await until('the session has lived its life', () =>
        Date.now() > visit.signedIn + (visit.refreshMax + 1) * 1000);
    await isOver(visit);
    visit.network.forget();
    await Promise.all(Array.from({ length: AT_ONCE }, () =>
        visit.app.open(page).catch(() => {})));
    visit.atMost(AT_ONCE * Math.max(most.over, most.out));
    visit.network.forget();
}

/** Ten find out together that it is over. */
async function tenEnd(visit) {
    await until('the session has lived its life', () =>
        Date.now() > visit.signedIn + (visit.refreshMax + 1) * 1000);
    await Promise.all(Array.from({ length: AT_ONCE }, () =>
        visit.app.open(page).catch(() => {})));
    visit.atMost(AT_ONCE * visit.client.most.over);
    assert.equal(visit.app.isSignedIn(), visit.client.over.signedIn);
    assert.equal(visit.router.at, visit.client.over.at);
}

/** The server is busy for a moment, where the refresh is. */
async function busy(visit) {
    const { away, most, refreshEnd } = visit.client;

    await visit.accessEnds();
    visit.network.faked.set(refreshEnd, 503);
    visit.network.forget();
    assert.equal(await openBadly(visit), away.status);
    assert.equal(visit.app.isSignedIn(), away.signedIn);
    visit.atMost(most.page);
    visit.network.faked.clear();
    if (!away.signedIn)
        await hashing(() => visit.app.signIn(visit.user, password));
    await openWell(visit);
}

export async function disabled(visit) {
    await openWell(visit);
    await administer(visit.server, ['user', 'disable', visit.user]);
    await until('stayd hears of it', async () => (await send(
        visit.direct + page, { headers: visit.client.shown(visit.app.access()) }
    )).status !== 200);
    await isOver(visit);
    assert.equal(visit.network.requests.some((one) => one.status === 200),
        false);
}

// `timer`: does the story make sense for a client whose token never expires?
// `on`: the server, where it is not the usual one.
export const stories = [
    { says: `${LIVES} lifetimes of its token, every page shown`, run: lives,
        timer: false },
    // Answers that come later than --refresh-soft are beyond what is promised.
    { says: `${AT_ONCE} requests at expiry, all answered`, run: tenAtOnce,
        timer: false, on: 'calm' },
    { says: 'a POST at expiry is done, and once', run: postedOnce,
        timer: false },
    { says: 'reload, with a living token and a dead one', run: reloaded,
        timer: false },
    { says: 'sign-out', run: signedOut, timer: true },
    { says: 'a wrong password', run: refused, timer: true },
    { says: 'a page for another role', run: wrongRole, timer: true },
    { says: 'the refresh token expired', run: refreshEnds, timer: false,
        on: 'brief' },
    { says: 'it expired under ten requests', run: tenEnd, timer: false,
        on: 'brief' },
    { says: 'a refresh that is answered 503', run: busy, timer: false },
    { says: 'the account was disabled', run: disabled, timer: true,
        needs: 'disable' },
];

const signIn = (visit) => visit.signIn();

/**
 * One row: a story in a place, which is {server, client, axios, mount ...};
 * `enter` signs in.
 */
export function tell(place, says, run, enter = signIn) {
    const where = place.mount === '' ? 'its own paths' : place.mount;

    row(`${place.client.seed} (${place.client.name}), axios ${place.axios}, ` +
        `${where}: ${says}`, async () => {
        const visit = new Visit(place);
        place.server.expiry.enter();
        try {
            await visit.begin();
            await enter(visit);
            await run(visit);
        } finally {
            place.server.expiry.leave();
            visit.end();
        }
    });
}

/** All of them for one client; `servers`: {usual, calm, brief,
    refreshMax}. */
export function tellAll(client, servers, lacks) {
    const mounts = ['', `/d/${client.dialect ?? client.name}`];

    for (const story of stories)
        for (const axios of Object.keys(axioses))
            for (const mount of mounts) {
                const server = servers[story.on ?? 'usual'];
                const place = { client, axios, mount, server,
                    refreshMax: servers.refreshMax };
                if (client.timer && !story.timer)
                    continue;
                if (story.needs !== undefined && lacks[story.needs])
                    skip(`${client.name}, axios ${axios}, ${mount}: ` +
                         story.says, lacks[story.needs]);
                else
                    tell(place, story.says, story.run);
            }
}

export { openBadly, openWell };
