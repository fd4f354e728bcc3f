// Seed 003, as wire.md 4 tells of it: two tokens in localStorage, a refresh on
// a 401 if there is a refresh token, sign-out and /login if it fails. Whether
// its refresh goes through the intercepted instance cannot be told from its
// text, so there are both. The third does what the text demands and its code
// leaves out: it keeps the new refresh token, and holds requests back during
// one refresh, which a timer starts before the token expires.
import { createStore, readClaims } from '../browser.mjs';

function createTokenStore(storage) {
    const put = (key) => (state, token) => {
        state[key] = token;
        storage.setItem(key, token);
    };

    return createStore({
        state: { accessToken: storage.getItem('accessToken') || '',
            refreshToken: storage.getItem('refreshToken') || '' },
        mutations: {
            access: put('accessToken'),
            refresh: put('refreshToken'),
            clear(state) {
                Object.assign(state, { accessToken: '', refreshToken: '' });
                storage.removeItem('accessToken');
                storage.removeItem('refreshToken');
            },
        },
    });
}

function intercept(api, store, renew, leave) {
    api.interceptors.request.use((config) => {
        const token = store.state.accessToken;

        if (token)
            config.headers.Authorization = `Bearer ${token}`;
        return config;
    });
    api.interceptors.response.use((reply) => reply, async (error) => {
        const { config, response } = error;

        if (response?.status !== 401 || config._retry ||
            !store.state.refreshToken)
            throw error;
        config._retry = true;
        try {
            const token = await renew();
            config.headers.Authorization = `Bearer ${token}`;
        } catch {
            leave();
            throw error;
        }
        return api(config);
    });
}

function createRenew({ api, axios, root, store, through }) {
    return async () => {
        const json = { token: store.state.refreshToken };
        const { data } = through === 'instance' ?
            await api.post('/auth/refresh', json) :
            await axios.post(`${root}/auth/refresh`, json);

        store.commit('access', data.accessToken);
        if (through === 'timer')
            store.commit('refresh', data.refreshToken);
        return data.accessToken;
    };
}

/** One refresh at a time; again when a tenth of what the token has left is
    gone. After a failure it rests: the next 401 asks again. */
function createTimer(renewOnce, store) {
    const timer = { flight: undefined, clock: undefined, closed: false };

    timer.renew = () => {
        timer.flight ??= renewOnce().then((token) => {
            timer.start();
            return token;
        }).finally(() => { timer.flight = undefined; });
        return timer.flight;
    };
    timer.start = () => {
        clearTimeout(timer.clock);
        if (!store.state.accessToken || timer.closed)
            return;
        const { exp } = readClaims(store.state.accessToken);
        timer.clock = setTimeout(() => timer.renew().catch(() => {}),
            (exp * 1000 - Date.now()) * 0.1);
    };
    timer.close = () => {
        timer.closed = true;
        clearTimeout(timer.clock);
    };
    return timer;
}

function create({ axios, root, storage, router }, through) {
    const store = createTokenStore(storage);
    const api = axios.create({ baseURL: root, timeout: 10_000 });
    const renewOnce = createRenew({ api, axios, root, store, through });
    const timer = through === 'timer' ? createTimer(renewOnce, store) :
        undefined;
    const leave = () => {
        clearTimeout(timer?.clock);
        store.commit('clear');
        router.push('/login');
    };

    intercept(api, store, timer?.renew ?? renewOnce, leave);
    if (timer !== undefined)
        api.interceptors.request.use(async (config) => {
            await timer.flight?.catch(() => {});
            return config;
        });
    return {
        async signIn(username, password) {
            const { data } = await api.post('/auth/login',
                { username, password });
            store.commit('access', data.accessToken);
            store.commit('refresh', data.refreshToken);
            router.push('/home');
            timer?.start();
        },
        signOut: leave,
        open: async (path) => (await api.get(path)).data,
        add: (title) => api.post('/todos', { title }),
        isSignedIn: () => storage.getItem('refreshToken') !== null,
        access: () => store.state.accessToken,
        close: () => timer?.close(),
    };
}

const shared = {
    prefix: '',
    seed: 'seed 003',
    dialect: 'sofunction',
    options: ['--dialect', 'sofunction', '--dialect', 'stay'],
    refreshEnd: '/auth/refresh',
    field: 'token',
    sends: 'first',
    shown: (token) => ({ Authorization: `Bearer ${token}` }),
    out: 401,
    most: { page: 3, over: 2, out: 1, wrong: 1 },
    over: { status: 401, signedIn: false, at: '/login' },
    // Whatever the reason: "Refresh failed" signs it out.
    away: { status: 401, signedIn: false },
};

export const sofunction = {
    ...shared,
    name: 'sofunction, refresh by plain axios',
    create: (page) => create(page, 'plain'),
};

export const sofunctionInstance = {
    ...shared,
    name: 'sofunction, refresh by its instance',
    create: (page) => create(page, 'instance'),
};

export const sofunctionTimer = {
    ...shared,
    name: 'sofunction, by timer',
    sends: 'latest',
    timer: true,
    create: (page) => create(page, 'timer'),
};
