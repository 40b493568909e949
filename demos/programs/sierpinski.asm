// Sierpinski's triangle: of 256 x 256 pixels those are black whose row and column have no 1 in common.

    @16392      // SCREEN + 8: the triangle stands in the middle of the screen
    D=A
    @place
    M=D
    @y
    M=0
(ROW)
    @x
    M=0
(WORD)          // sixteen pixels, collected in a word
    @black
    M=0
    @bit
    M=1
(PIXEL)
    @x
    D=M
    @y
    D=D&M
    @WHITE
    D;JNE
    @bit
    D=M
    @black
    M=D|M
(WHITE)
    @x
    M=M+1
    @bit
    D=M
    MD=D+M      // 0 after the sixteenth
    @PIXEL
    D;JNE
    @black
    D=M
    @place
    A=M
    M=D
    @place
    M=M+1
    @256
    D=A
    @x
    D=D-M
    @WORD
    D;JGT
    @16         // the next row
    D=A
    @place
    M=D+M
    @y
    M=M+1
    @256
    D=A
    @y
    D=D-M
    @ROW
    D;JGT
(END)
    @END
    0;JMP
