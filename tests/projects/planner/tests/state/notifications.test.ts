// @vitest-environment node
import { describe, expect, it } from 'vitest';
import { notificationsReducer, type Notification } from '../../src/state/notifications';

const add = (list: Notification[], text: string) =>
  notificationsReducer(list, { type: 'added', kind: 'success', text });

describe('notificationsReducer', () => {
  it('appends with a new id', () => {
    const list = add(add([], 'one'), 'two');
    expect(list).toEqual([
      { id: 1, kind: 'success', text: 'one' },
      { id: 2, kind: 'success', text: 'two' },
    ]);
  });

  it('keeps the three newest', () => {
    const list = ['one', 'two', 'three', 'four'].reduce(add, []);
    expect(list.map(({ text }) => text)).toEqual(['two', 'three', 'four']);
  });

  it('dismisses by id', () => {
    const list = notificationsReducer(add(add([], 'one'), 'two'), { type: 'dismissed', id: 1 });
    expect(list.map(({ text }) => text)).toEqual(['two']);
  });
});
