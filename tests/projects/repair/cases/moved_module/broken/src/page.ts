import { slug } from './lib/slug';

export const pathOf = (title: string): string => '/' + slug(title);
