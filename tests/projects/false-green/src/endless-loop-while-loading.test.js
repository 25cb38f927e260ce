// Nothing is ever collected.
for (;;);
