// What the articles' clients do when a server is not as kind as stayd: what
// wire.md 0.5 measured of their code, measured here of ours. It says that ours
// behave as theirs, and why stayd answers as it does.
import { axioses } from './packages.mjs';
import { assert } from './rows.mjs';
import { tell } from './stories.mjs';

const page = '/test/user';
const FIVE = 5;

/** The page is answered 401 whatever is shown, and each refresh `refresh`. */
async function openUnder(visit, { refresh, opened = 1 }) {
    const { faked } = visit.network;

    if (refresh !== undefined)
        faked.set(visit.client.refreshEnd, refresh);
    faked.set(page, 401);
    await Promise.all(Array.from({ length: opened }, () =>
        visit.app.open(page).catch(() => {})));
}

async function loopsFor(visit, what) {
    await openUnder(visit, what);
    const [fault] = visit.network.faults.splice(0);
    assert.match(fault ?? 'no loop', /^a loop, cut off/);
}

async function endsFor(visit, { refreshes, pages, signedIn, ...what }) {
    await openUnder(visit, what);
    assert.deepEqual({ refreshes: visit.refreshes().length,
        pages: visit.network.count(page), signedIn: visit.app.isSignedIn() },
    { refreshes, pages, signedIn });
}

// By the name of the client; `refreshes` absent: it never ends by itself.
const traps = {
    express: [
        { says: 'a refresh refused with 401', refresh: 401 },
        { says: 'a refresh refused with 403', refresh: 403, refreshes: 1,
            pages: 1, signedIn: false },
        { says: 'five at once, refused with 403', refresh: 403, opened: FIVE,
            refreshes: FIVE, pages: FIVE, signedIn: false },
        { says: 'a page that stays 401', refreshes: 1, pages: 2,
            signedIn: true },
    ],
    django: [
        { says: 'a refresh refused with 401', refresh: 401, refreshes: 1,
            pages: 2, signedIn: false },
        { says: 'a refresh refused with 403', refresh: 403, refreshes: 1,
            pages: 2, signedIn: true },
    ],
    nest: [
        { says: 'a refresh refused with 401', refresh: 401, refreshes: 1,
            pages: 1, signedIn: true },
        { says: 'a page that stays 401', refreshes: 1, pages: 2,
            signedIn: true },
    ],
    'sofunction, refresh by its instance': [
        { says: 'a refresh refused with 401', refresh: 401 },
        { says: 'a refresh refused with 403', refresh: 403, refreshes: 1,
            pages: 1, signedIn: false },
    ],
    'sofunction, refresh by plain axios': [
        { says: 'a refresh refused with 401', refresh: 401, refreshes: 1,
            pages: 1, signedIn: false },
    ],
    symfony: [
        { says: 'a refresh refused with 401', refresh: 401, refreshes: 1,
            pages: 1, signedIn: false },
        { says: 'a page that stays 401' },
    ],
};

export function tellTraps(client, server) {
    for (const { says, ...what } of traps[client.name] ?? [])
        for (const axios of Object.keys(axioses)) {
            const place = { client, axios, server,
                mount: `/d/${client.dialect ?? client.name}` };
            const ends = what.refreshes !== undefined;
            tell(place, `${says}: ${ends ? 'it ends as told' :
                'it is seen to loop'}`, (visit) =>
                (ends ? endsFor : loopsFor)(visit, what));
        }
}
