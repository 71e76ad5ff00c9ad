// How a product ends. Needs the constants HasBias and Add, and of the arguments bias [outputs], y [rows, yStride] and factor.

// y[row][n] = sum and the bias; with Add that, times a factor, is added to y.
void putResult(uint row, uint n, float sum)
{
    uint at = row * yStride + n;
    precise float result = sum;
    if (HasBias) result = result + bias.at[n];
    if (Add)
    {
        result = result * factor;
        result = y.at[at] + result;
    }
    y.at[at] = result;
}
