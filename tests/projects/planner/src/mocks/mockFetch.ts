import type { Budget, Credentials, NewBudget, RevenueEntry, User } from '../types';
import { contains } from '../utils/dateRange';

export interface MockData {
  users: (User & { password: string })[];
  revenue: RevenueEntry[];
  budgets: Budget[];
}

export type Handler = (request: { url: URL; body: unknown }) => Response;

function json(body: unknown, status = 200): Response {
  return Response.json(body, { status });
}

export function failure(status: number, message: string): Response {
  return json({ message }, status);
}

function handlers(data: MockData): Record<string, Handler> {
  return {
    'POST /api/login': ({ body }) => {
      const { email, password } = body as Credentials;
      const found = data.users.find((user) => user.email === email && user.password === password);
      if (!found) return failure(401, 'Wrong credentials');
      const { password: _, ...user } = found;
      return json({ token: `token-${user.id}`, user });
    },
    'GET /api/revenue': ({ url }) => {
      const range = { from: url.searchParams.get('from') ?? '', to: url.searchParams.get('to') ?? '' };
      return json(data.revenue.filter((entry) => contains(range, entry.date)));
    },
    'GET /api/budgets': () => json(data.budgets),
    'POST /api/budgets': ({ body }) => {
      const budget = { ...(body as NewBudget), id: crypto.randomUUID(), spentCents: 0 };
      data.budgets.push(budget);
      return json(budget, 201);
    },
    'DELETE /api/budgets/:id': ({ url }) => {
      const index = data.budgets.findIndex((budget) => budget.id === url.pathname.split('/').at(-1));
      if (index < 0) return failure(404, 'No such budget');
      data.budgets.splice(index, 1);
      return new Response(null, { status: 204 });
    },
  };
}

/** A `fetch` that answers the planner's API from `data`, with `overrides` in place of single routes. */
export function createMockFetch(data: MockData, overrides: Record<string, Handler> = {}): typeof fetch {
  const routes = { ...handlers(data), ...overrides };
  return async (input, init) => {
    const request = new Request(new URL(String(input), window.location.href), init);
    const url = new URL(request.url);
    const path = url.pathname.replace(/^(\/api\/budgets\/).+/, '$1:id');
    const handler = routes[`${request.method} ${path}`];
    if (!handler) return failure(404, `No route for ${request.method} ${url.pathname}`);
    const text = await request.text();
    return handler({ url, body: text === '' ? undefined : JSON.parse(text) });
  };
}
