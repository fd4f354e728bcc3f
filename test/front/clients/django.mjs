// Seed 001, a Vuex store that is kept whole in localStorage, as wire.md 2 (end)
// tells of it. Every 401 but the refresh's own: one refresh, then the request
// again, whatever the refresh brought. Only `access` is kept of a refresh. A
// 401 to the refresh itself clears the user and goes to /login. It works on
// axios itself, so sign-in and refresh are intercepted too.
import { createStore } from '../browser.mjs';

const nobody = { refresh_token: '', access_token: '', loggedInUser: {},
    isAuthenticated: false };
const refreshPath = 'v1/auth/jwt/refresh/';

function createUserStore(axios, storage, router) {
    return createStore({
        state: { ...nobody, ...JSON.parse(storage.getItem('vuex')) },
        saved: (state) => storage.setItem('vuex', JSON.stringify(state)),
        mutations: {
            refresh: (state, value) => { state.refresh_token = value; },
            access: (state, value) => { state.access_token = value; },
            user(state, value) {
                state.loggedInUser = value;
                state.isAuthenticated = true;
            },
            clear: (state) => { Object.assign(state, nobody); },
        },
        actions: {
            // None of them tells its caller of a failure.
            async signIn({ commit, dispatch }, who) {
                await axios.post('v1/auth/jwt/create/', who).then((reply) => {
                    commit('refresh', reply.data.refresh);
                    commit('access', reply.data.access);
                    router.push('/home');
                    return dispatch('fetchUser');
                }).catch(() => {});
            },
            async renew({ state, commit }) {
                await axios.post(refreshPath, { refresh: state.refresh_token })
                    .then(({ data }) => commit('access', data.access))
                    .catch(() => {});
            },
            async fetchUser({ commit }) {
                await axios.get('v1/auth/users/me/')
                    .then(({ data }) => commit('user', data))
                    .catch(() => {});
            },
        },
    });
}

function intercept(axios, store, router) {
    axios.interceptors.request.use((config) => {
        const token = store.state.access_token;

        if (token)
            config.headers.Authorization = `Bearer ${token}`;
        return config;
    });
    axios.interceptors.response.use((reply) => reply, async (error) => {
        const again = error.config;

        // A network error has no response: a TypeError, as in the original.
        if (error.response.status !== 401)
            throw error;
        if (again.url.includes('auth/jwt/refresh/')) {
            store.commit('clear');
            router.push('/login');
            throw error;
        }
        if (again._retry)
            throw error;
        again._retry = true;
        await store.dispatch('renew');
        return axios(again);
    });
}

function create({ axios, root, storage, router }) {
    const own = axios.create();
    const store = createUserStore(own, storage, router);

    own.defaults.baseURL = `${root}/api/`;
    intercept(own, store, router);
    return {
        signIn: (username, password) => store.dispatch('signIn',
            { username, password }),
        signOut() {
            store.commit('clear');
            router.push('/login');
        },
        open: async (path) => (await own.get(`v1${path}`)).data,
        add: (title) => own.post('v1/todos', { title }),
        isSignedIn: () => store.state.isAuthenticated &&
            JSON.parse(storage.getItem('vuex')).isAuthenticated,
        access: () => store.state.access_token,
    };
}

export const django = {
    seed: 'seed 001',
    name: 'django',
    prefix: '/api/v1',
    refreshEnd: '/auth/jwt/refresh/',
    field: 'refresh',
    sends: 'first',
    shown: (token) => ({ Authorization: `Bearer ${token}` }),
    out: 401,
    // A refused sign-in makes it refresh with nothing, and sign in once more.
    most: { page: 3, over: 3, out: 3, wrong: 3 },
    over: { status: 401, signedIn: false, at: '/login' },
    away: { status: 401, signedIn: true }, // sent again all the same
    create,
};
