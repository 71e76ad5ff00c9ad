// Which rows run through which experts, as route.comp writes it: the rows of an expert have successive places, in their order.
// [E + 1] the first place of each expert, [A] the row of each place, [A] what its result is multiplied with, [A] the places of each row, those of
// experts of lower number first; A = rows * chosen.
uint firstPlace(Words routes, uint expert) { return routes.at[expert]; }

uint rowOfPlace(Words routes, uint experts, uint place) { return routes.at[experts + 1 + place]; }

// Which rows of x and y a product takes. Rows of x are rows or places, rows of y are places where there are experts.
const uint AllRows = 0, RowsOfExperts = 1, PlacesOfExperts = 2;

float weightOfPlace(Words routes, uint experts, uint places, uint place) { return uintBitsToFloat(routes.at[experts + 1 + places + place]); }

uint placeOfRow(Words routes, uint experts, uint places, uint choice) { return routes.at[experts + 1 + 2 * places + choice]; }
