"""How a site handles calls: menus, people, overflow, waiting, telephones (rules)."""
