// Seed 000, bezkoder's front end, as wire.md 1.6 tells of it; for Spring with
// its other header line in force. localStorage "user" is the whole answer to
// the sign-in; a refresh replaces its accessToken only. Each 401 makes a
// refresh of its own, through the same intercepted instance. A page that is
// answered 403 signs out over an event bus.
import { createStore } from '../browser.mjs';

function keepUser(storage) {
    const get = () => JSON.parse(storage.getItem('user'));
    const set = (user) => storage.setItem('user', JSON.stringify(user));

    return {
        get,
        set,
        remove: () => storage.removeItem('user'),
        // Throws when the user is gone by now, as the original does.
        renew(token) {
            const user = get();
            user.accessToken = token;
            set(user);
        },
    };
}

function createUserStore(user) {
    return createStore({
        state: { user, loggedIn: user !== null },
        mutations: {
            signedIn(state, value) {
                Object.assign(state, { user: value, loggedIn: true });
            },
            renewed(state, accessToken) {
                state.user = { ...state.user, accessToken };
                state.loggedIn = true;
            },
            signedOut(state) {
                Object.assign(state, { user: null, loggedIn: false });
            },
        },
    });
}

function intercept(api, kept, store, showToken) {
    api.interceptors.request.use((config) => {
        const token = kept.get()?.accessToken;

        if (token)
            showToken(config.headers, token);
        return config;
    });
    api.interceptors.response.use((reply) => reply, async (error) => {
        const { config, response } = error;
        const stale = config.url !== '/auth/signin' &&
            response?.status === 401 && !config._retry;

        if (!stale)
            return Promise.reject(error);
        config._retry = true;
        const { data } = await api.post('/auth/refreshtoken',
            { refreshToken: kept.get()?.refreshToken });
        store.commit('renewed', data.accessToken);
        kept.renew(data.accessToken);
        return api(config);
    });
}

function create({ axios, root, storage, router }, showToken) {
    const kept = keepUser(storage);
    const store = createUserStore(kept.get());
    const bus = new EventTarget();
    const api = axios.create({ baseURL: `${root}/api`,
        headers: { 'Content-Type': 'application/json' } });
    const signOut = () => {
        kept.remove();
        store.commit('signedOut');
        router.push('/login');
    };

    intercept(api, kept, store, showToken);
    bus.addEventListener('logout', signOut);
    return {
        async signIn(username, password) {
            const { data } = await api.post('/auth/signin',
                { username, password });
            if (data.accessToken) {
                kept.set(data);
                store.commit('signedIn', data);
            }
        },
        signOut,
        async open(path) {
            try {
                return (await api.get(path)).data;
            } catch (error) {
                if (error.response?.status === 403)
                    bus.dispatchEvent(new Event('logout'));
                throw error;
            }
        },
        add: (title) => api.post('/todos', { title }),
        isSignedIn: () => kept.get() !== null && store.state.loggedIn,
        access: () => kept.get().accessToken,
    };
}

const shared = {
    seed: 'seed 000',
    refreshEnd: '/auth/refreshtoken',
    field: 'refreshToken',
    sends: 'first',
    // Requests: a page whose token expired; the session over; signed out; a
    // wrong password.
    most: { page: 3, over: 2, out: 1, wrong: 1 },
    over: { status: 403, signedIn: false, at: '/login' },
    away: { status: 503, signedIn: true }, // the refresh's own answer
};

export const express = {
    ...shared,
    name: 'express',
    prefix: '/api',
    shown: (token) => ({ 'x-access-token': token }),
    out: 403, // no token at all
    create: (page) => create(page, (headers, token) => {
        headers['x-access-token'] = token;
    }),
};

export const spring = {
    ...shared,
    name: 'spring',
    prefix: '/api',
    options: ['--dialect', 'spring', '--dialect', 'stay'],
    shown: (token) => ({ Authorization: `Bearer ${token}` }),
    // Without a token it asks for a refresh without one: 401, then 400.
    out: 400,
    most: { ...shared.most, out: 2 },
    create: (page) => create(page, (headers, token) => {
        headers.Authorization = `Bearer ${token}`;
    }),
};
